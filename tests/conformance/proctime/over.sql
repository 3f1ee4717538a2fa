CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='proctime/over.jsonl','format'='json');
CREATE TABLE evp (id INT, u STRING, v BIGINT, pt AS PROCTIME()) WITH ('connector'='filesystem','path'='proctime/over.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SUM(v) OVER (PARTITION BY u ORDER BY pt) FROM evp;
