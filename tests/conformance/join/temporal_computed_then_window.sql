CREATE TABLE ev1 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_then_window.jsonl', 'format' = 'json');
CREATE TABLE ev2 (id INT, k STRING NOT NULL, g INT, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_then_window.2.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT e.id, e.k, r.v, e.ts FROM ev1 e JOIN ev2 FOR SYSTEM_TIME AS OF e.ts AS r ON LOWER(e.k) = r.k;
CREATE TABLE `result` (`ws` TIMESTAMP(3), `n` BIGINT, `s` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
