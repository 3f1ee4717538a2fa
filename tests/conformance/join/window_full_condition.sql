CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/window_full_condition.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/window_full_condition.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `rid` INT, `window_start` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT l.id, r.id rid, l.window_start FROM (SELECT * FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) l FULL JOIN (SELECT * FROM TABLE(CUMULATE(TABLE b, DESCRIPTOR(ts2), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) r ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end AND l.v < r.w;
