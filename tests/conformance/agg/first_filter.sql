CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/first_filter.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, FIRST_VALUE(v) FILTER (WHERE ok), LAST_VALUE(p) FILTER (WHERE v > 2) FROM ev GROUP BY u;
