CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/range.jsonl','format'='json');
CREATE TABLE `result` (p STRING, v BIGINT, rn BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT p, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY p ORDER BY v, s DESC) AS rn FROM ev) WHERE rn BETWEEN 2 AND 3;
