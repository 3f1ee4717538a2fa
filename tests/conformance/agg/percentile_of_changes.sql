CREATE TABLE t (k STRING, w INT, us TIMESTAMP(3), WATERMARK FOR us AS us - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'agg/percentile_of_changes.jsonl', 'format' = 'json');
CREATE TABLE `result` (a STRING, b ARRAY<DOUBLE>, c DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m, PERCENTILE(w, ARRAY[0.25, 0.75]), PERCENTILE(w, 0.5, n)
FROM (SELECT k, CASE WHEN k = 'a' THEN 'x' ELSE 'y' END AS m, SUM(w) AS w, COUNT(*) AS n FROM t GROUP BY k, CASE WHEN k = 'a' THEN 'x' ELSE 'y' END)
GROUP BY m;
