CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/window_top1.jsonl','format'='json');
CREATE TABLE `result` (ws TIMESTAMP(3), p STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, p, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, p) AS rn FROM (SELECT window_start, window_end, p, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, p)) WHERE rn = 1;
