CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/types.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c BOOLEAN, d DOUBLE, e TIMESTAMP(3), f DATE) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (VALUES (1, 'a', TRUE, CAST(1.5 AS DOUBLE), TIMESTAMP '2024-01-01 10:00:00.123', DATE '2024-02-29'), (-2, '', FALSE, CAST(-0.25 AS DOUBLE), TIMESTAMP '1969-12-31 23:59:59', DATE '1970-01-01')) AS t(a, b, c, d, e, f);
