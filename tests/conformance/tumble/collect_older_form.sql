CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='tumble/collect_older_form.jsonl','format'='json');
CREATE TABLE `result` (k STRING, c MULTISET<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COLLECT(s) FROM ev GROUP BY k, TUMBLE(ts, INTERVAL '10' SECOND);
