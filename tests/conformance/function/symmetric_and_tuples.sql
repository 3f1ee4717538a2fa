CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/symmetric_and_tuples.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` BOOLEAN, `b` BOOLEAN, `c2` BOOLEAN, `e` BOOLEAN, `f` BOOLEAN, `g` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v BETWEEN SYMMETRIC 3 AND 1 a, v BETWEEN ASYMMETRIC 1 AND 3 b, v NOT BETWEEN SYMMETRIC 3 AND 1 c2, (k, v) = ('a', 3) e, (k, v) IN (('a', 3), ('b', 7)) f, (k, v) <> ('a', 3) g FROM ev;
