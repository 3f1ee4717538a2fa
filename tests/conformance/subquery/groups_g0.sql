CREATE TABLE ev (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'subquery/by_values.jsonl', 'format' = 'json');
CREATE TABLE pr (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'subquery/by_values.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (x INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id FROM ev AS a WHERE EXISTS (SELECT COUNT(*) FROM pr AS b WHERE b.s = a.s);
