CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/join.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/join.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `qid` INT, `window_start` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT p.id, q.id qid, p.window_start FROM (SELECT * FROM TABLE(SESSION(TABLE o0 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND))) p JOIN (SELECT * FROM TABLE(SESSION(TABLE o1 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND))) q ON p.window_start = q.window_start AND p.window_end = q.window_end;
