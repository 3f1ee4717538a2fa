CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/listagg_distinct.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, LISTAGG(DISTINCT p) FROM ev GROUP BY u;
