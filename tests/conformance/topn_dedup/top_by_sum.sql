CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/top_by_sum.jsonl','format'='json');
CREATE TABLE `result` (u STRING, t BIGINT, rn BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, t, rn FROM (SELECT u, t, ROW_NUMBER() OVER (ORDER BY t DESC, u) AS rn FROM (SELECT u, SUM(v) AS t FROM ev GROUP BY u)) WHERE rn < 3;
