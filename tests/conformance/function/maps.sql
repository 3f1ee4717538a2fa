CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/maps.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 MAP<STRING,INT>, c1 MAP<STRING,BIGINT>, c2 MAP<INT,STRING>, c3 MAP<STRING,DOUBLE>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, MAP['a', id], MAP['x', v, 'x', 1], MAP[id, s], CAST(MAP['a', v] AS MAP<STRING, DOUBLE>) FROM ev;
