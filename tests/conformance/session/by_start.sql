CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/by_start.jsonl','format'='json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, COUNT(*) n FROM TABLE(SESSION(TABLE l0 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY window_start;
