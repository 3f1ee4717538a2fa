CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/array_slice.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ARRAY<INT>, c1 ARRAY<INT>, c2 ARRAY<INT>, c3 ARRAY<INT>, c4 ARRAY<INT>, c5 ARRAY<INT>, c6 ARRAY<INT>, c7 ARRAY<INT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ARRAY_SLICE(ARRAY[1,2,3,4], 2), ARRAY_SLICE(ARRAY[1,2,3,4], 2, 3), ARRAY_SLICE(ARRAY[1,2,3,4], -2), ARRAY_SLICE(ARRAY[1,2,3,4], id, 3), ARRAY_SLICE(ARRAY[1,2,3,4], 0, 2), ARRAY_SLICE(ARRAY[1,2,3,4], -3, -2), ARRAY_SLICE(ARRAY[1,2,3,4], -9, 2), ARRAY_SLICE(ARRAY[id, 2, 3], 2, 9) FROM ev;
