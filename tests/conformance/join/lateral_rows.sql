CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'join/lateral_rows.jsonl', 'format' = 'json');
CREATE TABLE u (k STRING, w INT, us TIMESTAMP(3), WATERMARK FOR us AS us - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'join/lateral_rows.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (a INT, k STRING, v INT, w INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT 1, t.k, t.v, x.w FROM t, LATERAL (SELECT w FROM u WHERE u.k = t.k) AS x UNION ALL
SELECT 2, t.k, t.v, x.b FROM t CROSS JOIN LATERAL (SELECT w, w + 1 FROM u WHERE u.w > t.v * 10) AS x(a, b) UNION ALL
SELECT 3, t.k, t.v, x.w FROM t, LATERAL (SELECT w + t.v AS w FROM u WHERE u.k = t.k) AS x UNION ALL
SELECT 4, t.k, t.v, x.w FROM t LEFT JOIN LATERAL (SELECT w FROM u WHERE u.k = t.k) AS x ON x.w > t.v * 10 UNION ALL
SELECT 5, t.k, t.v, x.w FROM t LEFT JOIN LATERAL (SELECT w FROM u WHERE k = t.k AND w > 15) AS x ON TRUE UNION ALL
SELECT 6, t.k, t.v, x.w FROM t, LATERAL (SELECT u.w FROM u JOIN (SELECT DISTINCT k FROM t) AS q ON u.k = q.k WHERE u.k = t.k) AS x UNION ALL
SELECT 7, t.k, t.v, x.w FROM t, LATERAL (SELECT w FROM u WHERE u.k = t.k AND u.us BETWEEN t.ts - INTERVAL '5' SECOND AND t.ts + INTERVAL '5' SECOND) AS x;
