CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/keep_last.jsonl','format'='json');
CREATE TABLE `result` (u STRING, p STRING, v BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY u ORDER BY ts DESC) AS rn FROM ev) WHERE rn = 1;
