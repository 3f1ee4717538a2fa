CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/join_after.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/join_after.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT ev.id, x, q FROM ev CROSS JOIN UNNEST(SPLIT(s, ',')) AS t(x) JOIN ev2 ON ev.u = ev2.u;
