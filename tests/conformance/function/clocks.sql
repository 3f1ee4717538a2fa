CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/clocks.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BOOLEAN, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN, c4 BOOLEAN, c5 BOOLEAN, c6 BOOLEAN, c7 BOOLEAN, c8 BOOLEAN, c9 BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, NOW() > ts, CURRENT_TIMESTAMP > ts, ts < LOCALTIMESTAMP, CURRENT_DATE > CAST(ts AS DATE), CURRENT_ROW_TIMESTAMP() > ts, RAND() < 1, RAND_INTEGER(10) < 10, RAND() >= 0, CHAR_LENGTH(UUID()) = 36, UUID() SIMILAR TO '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}' FROM ev;
