CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='proctime/pattern.jsonl','format'='json');
CREATE TABLE evp (id INT, u STRING, v BIGINT, pt AS PROCTIME()) WITH ('connector'='filesystem','path'='proctime/pattern.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b INT, c INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM evp MATCH_RECOGNIZE (PARTITION BY u ORDER BY pt MEASURES A.id AS x, B.id AS y PATTERN (A B) DEFINE B AS B.id > A.id);
