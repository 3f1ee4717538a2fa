CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/str_to_map.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 MAP<STRING,STRING>, c1 MAP<STRING,STRING>, c2 MAP<STRING,STRING>, c3 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, STR_TO_MAP('a=1,b=2'), STR_TO_MAP('a:1|b:2|c', '\|', ':'), STR_TO_MAP(s), STR_TO_MAP('x=1,y=a=b')['y'] FROM ev;
