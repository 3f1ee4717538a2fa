CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/ordinality_left.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, x, n FROM ev LEFT JOIN UNNEST(SPLIT(s, ',')) WITH ORDINALITY AS t(x, n) ON TRUE;
