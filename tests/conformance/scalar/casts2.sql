CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/casts2.jsonl','format'='json');
CREATE TABLE `result` (id INT, a SMALLINT, b TINYINT, c FLOAT, e CHAR(3), f STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CAST(v AS SMALLINT), CAST(v AS TINYINT), CAST(d AS FLOAT), CAST(s AS CHAR(3)), CAST(CAST(v AS FLOAT) AS STRING) FROM ev;
