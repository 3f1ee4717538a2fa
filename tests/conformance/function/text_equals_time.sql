CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/text_equals_time.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` BOOLEAN, `b` BOOLEAN, `e` BOOLEAN, `f` BOOLEAN, `g` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, s = ts a, s = DATE '2025-03-01' b, CAST(ts AS STRING) = ts e, s IS DISTINCT FROM ts f, s <> ts g FROM ev;
