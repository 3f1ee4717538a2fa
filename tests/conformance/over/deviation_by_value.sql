CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/deviation_by_value.jsonl','format'='json');
CREATE TABLE `result` (id INT, c BIGINT, e DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, STDDEV_SAMP(v) OVER (PARTITION BY k ORDER BY id), VAR_POP(d) OVER (PARTITION BY k ORDER BY id) FROM ev;
