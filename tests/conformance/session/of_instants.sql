CREATE TABLE lz (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/of_instants.jsonl','format'='json');
CREATE TABLE `result` (`g` INT, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT g, window_start, window_end, COUNT(*) n FROM TABLE(SESSION(TABLE lz PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY g, window_start, window_end;
