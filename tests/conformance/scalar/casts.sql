CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/casts.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e INT, f STRING, g BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CAST(v AS STRING), CAST(d AS STRING), CAST(ok AS STRING), CAST(d AS INT), CAST(ts AS STRING), TRY_CAST(s AS BIGINT) FROM ev;
