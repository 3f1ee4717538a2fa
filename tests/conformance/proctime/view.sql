CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='proctime/view.jsonl','format'='json');
CREATE TABLE evp (id INT, u STRING, v BIGINT, pt AS PROCTIME()) WITH ('connector'='filesystem','path'='proctime/view.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, n FROM (SELECT u, COUNT(*) OVER (PARTITION BY u ORDER BY t) AS n FROM (SELECT UPPER(u) AS u, pt AS t FROM evp WHERE id > 1)) WHERE n > 1;
