CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/last_row.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `v` BIGINT, `window_start` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts DESC) rn FROM TABLE(SESSION(TABLE l0 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND))) WHERE rn = 1;
