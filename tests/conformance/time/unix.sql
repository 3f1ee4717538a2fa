CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/unix.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING, c STRING, e BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, UNIX_TIMESTAMP(CAST(ts AS STRING)), FROM_UNIXTIME(1760000000 + id), FROM_UNIXTIME(1760000000 + id, 'yyyy/MM/dd'), UNIX_TIMESTAMP('2025-01-02 03:04', 'yyyy-MM-dd HH:mm') FROM ev;
