CREATE TABLE ev (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'subquery/by_values.jsonl', 'format' = 'json');
CREATE TABLE pr (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'subquery/by_values.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (x INT, y INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, x.i FROM ev AS a, LATERAL (SELECT MAX(b.id) AS i FROM pr AS b WHERE COALESCE(a.s, 'a') = b.s) AS x;
