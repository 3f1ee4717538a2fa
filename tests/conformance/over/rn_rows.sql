CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/rn_rows.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, a, b FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY p ORDER BY ts) AS a, v AS b FROM ev) WHERE b > 0;
