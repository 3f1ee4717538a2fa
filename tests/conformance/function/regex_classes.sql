CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/regex_classes.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` VARCHAR(2147483647), `b` BOOLEAN, `e` VARCHAR(2147483647), `f` VARCHAR(2147483647)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, REGEXP_REPLACE(s, '\w', '#') a, REGEXP(s, '^\w+$') b, REGEXP_REPLACE(s || ' 1_x', '[\s\d_]', '.') e, REGEXP_EXTRACT('aä1', '[^\W\d]+') f FROM ev;
