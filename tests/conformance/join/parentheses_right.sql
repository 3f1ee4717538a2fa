CREATE TABLE ev (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'join/parentheses.jsonl', 'format' = 'json');
CREATE TABLE pr (id INT, s STRING, v INT, d DOUBLE, f BOOLEAN, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'join/parentheses.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (x INT, y INT, z INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, c.id FROM ev AS a RIGHT JOIN (pr AS b CROSS JOIN pr AS c) ON a.s = b.s AND a.id = c.id WHERE b.id = c.id;
