CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/row_column.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, r.EXPR$0, r.EXPR$1 FROM (SELECT id, ROW(u, v) AS r FROM ev) WHERE r.EXPR$1 > 5;
