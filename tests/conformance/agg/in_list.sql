CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/in_list.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, COUNT(*) FROM ev WHERE v IN (1,2,3) AND s NOT IN ('foo') GROUP BY u;
