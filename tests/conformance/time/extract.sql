CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/extract.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT, c BIGINT, e BIGINT, f BIGINT, g BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, EXTRACT(DOW FROM ts), EXTRACT(DOY FROM ts), EXTRACT(QUARTER FROM ts), EXTRACT(WEEK FROM ts), EXTRACT(EPOCH FROM ts), EXTRACT(MILLISECOND FROM ts) FROM ev;
