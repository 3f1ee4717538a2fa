CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/window_join_match.jsonl',
  'format' = 'json'
);
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/window_join_match.2.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW w AS SELECT k, window_time AS rt, n FROM (SELECT k, window_start, window_end, window_time, COUNT(*) n FROM (SELECT a.k, a.window_start, a.window_end, a.window_time FROM (SELECT * FROM TABLE(TUMBLE(TABLE o0, DESCRIPTOR(ts), INTERVAL '10' SECOND))) a JOIN (SELECT * FROM TABLE(TUMBLE(TABLE o1, DESCRIPTOR(ts), INTERVAL '10' SECOND))) b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end) GROUP BY k, window_start, window_end, window_time);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `an` BIGINT,
  `bn` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM w MATCH_RECOGNIZE (PARTITION BY k ORDER BY rt MEASURES A.n AS an, B.n AS bn PATTERN (A B) DEFINE B AS B.n > A.n);
