CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='tumble/filtered.jsonl','format'='json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, COUNT(*) n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE k IS NOT NULL AND v BETWEEN 0 AND 7 GROUP BY window_start, window_end;
