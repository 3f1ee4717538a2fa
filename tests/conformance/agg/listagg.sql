CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/listagg.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, LISTAGG(s), LISTAGG(p, '|') FROM ev GROUP BY u;
