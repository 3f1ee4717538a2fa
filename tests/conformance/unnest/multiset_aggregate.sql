CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='unnest/multiset_aggregate.jsonl','format'='json');
CREATE TABLE `result` (k STRING, x STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, x FROM (SELECT k, COLLECT(s) AS c FROM ev GROUP BY k), UNNEST(c) AS t(x);
