CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/lenient_times.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` BIGINT, `b` BIGINT, `e` DATE, `f` VARCHAR(2147483647), `g` VARCHAR(2147483647), `h` TIMESTAMP(3), `i` BIGINT, `j` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, UNIX_TIMESTAMP('2025-02-30', 'yyyy-MM-dd') a, UNIX_TIMESTAMP('2025-02-03 4:5:6 x') b, TO_DATE('3/14/2025', 'M/d/yyyy') e, DATE_FORMAT('2025-02-03', 'yyyy') f, DATE_FORMAT('2025-2-3 4:5:6', 'yyyyMMddHHmmss') g, TO_TIMESTAMP('2025-045', 'yyyy-DDD') h, UNIX_TIMESTAMP('14 Mar 2025', 'd MMM yyyy') i, UNIX_TIMESTAMP('2025-13-01', 'yyyy-MM-dd') j FROM ev WHERE id < 3;
