CREATE TABLE ev1 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/interval_empty_then_window.jsonl', 'format' = 'json');
CREATE TABLE ev2 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/interval_empty_then_window.2.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT a.id, a.v, a.ts, b.id AS j FROM ev1 a LEFT JOIN ev2 b ON a.k = b.k AND b.ts BETWEEN a.ts AND a.ts - INTERVAL '1' SECOND;
CREATE TABLE `result` (`ws` TIMESTAMP(3), `n` BIGINT, `s` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
