CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/odd_arguments.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` INT, `b` INT, `e` VARCHAR(2147483647), `f` VARCHAR(2147483647), `g` VARCHAR(2147483647), `h` VARCHAR(2147483647), `i` VARCHAR(2147483647), `j` VARCHAR(2147483647), `l` BOOLEAN, `m2` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LOCATE('b', 'abab', 0) a, LOCATE('b', 'abab', -3) b, REPLACE(s, '', '') e, ARRAY_JOIN(ARRAY['a'], ',', CAST(NULL AS STRING)) f, PARSE_URL('http://h.de/a b/ü?x=ä y#ß', 'PATH') g, PARSE_URL('http://h.de/a b/ü?x=ä y#ß', 'QUERY', 'x') h, PARSE_URL('http://u@H.de:8', 'HOST') i, PARSE_URL('http://h.de?x=1', 'PATH') j, IS_DIGIT(v) l, IS_ALPHA(v) m2 FROM ev;
