CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='hop/offset.jsonl','format'='json');
CREATE TABLE `result` (p STRING, ws TIMESTAMP(3), n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT p, window_start, COUNT(*) FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '15' SECOND, INTERVAL '45' SECOND, INTERVAL '5' SECOND)) GROUP BY p, window_start, window_end;
