CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_value_then_aggregate.jsonl','format'='json');
CREATE TABLE `result` (a INT, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT a, COUNT(*) FROM (SELECT id, LAST_VALUE(id) OVER (PARTITION BY k ORDER BY v) AS a FROM ev) GROUP BY a;
