CREATE TABLE o (v INT) WITH ('connector' = 'filesystem', 'path' = 'agg/having_subquery_names.jsonl', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM (VALUES (1), (2)) AS t(v);
CREATE TABLE `result` (g INT, n BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT v + 1, COUNT(*) FROM o GROUP BY v + 1 HAVING COUNT(*) IN (SELECT v + 1 FROM w);
