CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'join/lateral_groups.jsonl', 'format' = 'json');
CREATE TABLE u (k STRING, w INT, us TIMESTAMP(3), WATERMARK FOR us AS us - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'join/lateral_groups.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (a INT, k STRING, v INT, s INT, c BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT 1, t.k, t.v, x.s, x.c FROM t, LATERAL (SELECT SUM(w) AS s, COUNT(*) AS c FROM u WHERE u.k = t.k) AS x UNION ALL
SELECT 2, t.k, t.v, x.s, x.c FROM t LEFT JOIN LATERAL (SELECT MAX(w) AS s, COUNT(*) AS c FROM u WHERE u.k = t.k) AS x ON TRUE UNION ALL
SELECT 3, t.k, t.v, 0, x.c FROM t LEFT JOIN LATERAL (SELECT COUNT(*) AS c FROM u WHERE u.k = t.k) AS x ON TRUE UNION ALL
SELECT 4, t.k, t.v, x.s, 0 FROM t, LATERAL (SELECT SUM(w) AS s FROM u WHERE u.k = t.k HAVING SUM(w) > 40) AS x UNION ALL
SELECT 5, d.k, 0, x.w, x.c FROM (SELECT DISTINCT k FROM t) AS d, LATERAL (SELECT w, COUNT(*) AS c FROM u WHERE u.k = d.k GROUP BY w) AS x UNION ALL
SELECT 6, d.k, 0, x.w, 0 FROM (SELECT k, SUM(v) AS v FROM t GROUP BY k) AS d, LATERAL (SELECT DISTINCT w FROM u WHERE u.k = d.k) AS x UNION ALL
SELECT 7, t.k, x.w, y.s, 0 FROM t, LATERAL (SELECT w FROM u WHERE u.k = t.k) AS x, LATERAL (SELECT SUM(w) AS s FROM u WHERE u.k = t.k) AS y;
