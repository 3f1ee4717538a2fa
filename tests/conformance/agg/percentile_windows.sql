CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'agg/percentile_windows.jsonl', 'format' = 'json');
CREATE TABLE `result` (a STRING, b TIMESTAMP(3), c ARRAY<DOUBLE>) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT 'hop', window_start, PERCENTILE(v, ARRAY[0.5, 0.9], v) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end UNION ALL
SELECT 'cumulate', window_end, PERCENTILE(v, ARRAY[0.25]) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end UNION ALL
SELECT 'session', window_start, PERCENTILE(v, ARRAY[0.1, 0.9]) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY window_start, window_end UNION ALL
SELECT 'over', ts, PERCENTILE(v, ARRAY[0.5, 0.75]) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t;
