CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/with_cte.jsonl','format'='json');
CREATE TABLE `result` (u STRING, m BIGINT) WITH ('connector'='print');
INSERT INTO `result`
WITH t AS (SELECT u, v*2 AS w FROM ev WHERE v IS NOT NULL) SELECT u, MAX(w) FROM t GROUP BY u;
