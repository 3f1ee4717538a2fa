CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/date_format_more.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 STRING, c8 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, DATE_FORMAT(ts, 'D e w Q q'), DATE_FORMAT(ts, 'n N A'), DATE_FORMAT(ts, 'yyyy-''W''ww'), DATE_FORMAT(ts, 'G'), DATE_FORMAT(ts, 'YYYY W'), DATE_FORMAT(ts, 'EEEEE MMMMM QQQ QQQQ LLLL'), DATE_FORMAT(TIMESTAMP '2024-12-30 23:59:59', 'YYYY ww e W D'), DATE_FORMAT(TIMESTAMP '2023-01-01 00:00:00', 'YYYY w W Q'), DATE_FORMAT(TIMESTAMP '2022-12-31 00:00:00', 'YYYY w W QQ') FROM ev;
