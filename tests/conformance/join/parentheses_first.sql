CREATE TABLE ev (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'join/parentheses.jsonl', 'format' = 'json');
CREATE TABLE pr (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'join/parentheses.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (x INT, y INT, z INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, c.id FROM (ev AS a LEFT JOIN pr AS b ON a.s = b.s) LEFT JOIN pr AS c ON b.id = c.id AND c.f;
