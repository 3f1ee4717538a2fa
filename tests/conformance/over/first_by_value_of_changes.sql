CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/first_by_value_of_changes.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, FIRST_VALUE(k) OVER (ORDER BY n), LAST_VALUE(k) OVER (ORDER BY n) FROM (SELECT k, COUNT(*) AS n FROM ev GROUP BY k);
