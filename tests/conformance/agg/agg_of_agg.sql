CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/agg_of_agg.jsonl','format'='json');
CREATE TABLE `result` (n BIGINT, users BIGINT, m BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT n, COUNT(*), MAX(m) FROM (SELECT u, p, COUNT(*) AS n, MAX(v) AS m FROM ev GROUP BY u, p) GROUP BY n;
