CREATE TABLE t (k STRING, w INT, us TIMESTAMP(3), WATERMARK FOR us AS us - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'join/lateral_top.jsonl', 'format' = 'json');
CREATE TABLE `result` (a INT, k STRING, w INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT 1, k2, w FROM (SELECT DISTINCT k AS k2 FROM t) AS d, LATERAL (SELECT w, us FROM t WHERE k = d.k2 ORDER BY w DESC LIMIT 2) UNION ALL
SELECT 2, d.k, x.w FROM (SELECT k FROM t GROUP BY k) AS d, LATERAL (SELECT w, us FROM t WHERE t.k = d.k ORDER BY w, us DESC LIMIT 3) AS x WHERE x.w > 10;
