CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/top_of_top.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `id` INT, `rn2` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, id, rn2 FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY v DESC, id) rn2 FROM (SELECT k, id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) rn FROM ev) WHERE rn <= 2)) WHERE rn2 <= 3;
