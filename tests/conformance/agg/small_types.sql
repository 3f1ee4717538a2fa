CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/small_types.jsonl','format'='json');
CREATE TABLE `result` (`a` TINYINT, `b` SMALLINT, `e` INT, `f` FLOAT, `g` FLOAT, `h` DECIMAL(38, 1), `i` DECIMAL(38, 10), `j` TINYINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT SUM(CAST(v AS TINYINT)) a, AVG(CAST(v AS SMALLINT)) b, SUM(CAST(v AS INT)) e, AVG(CAST(d AS FLOAT)) f, SUM(CAST(d AS FLOAT)) g, SUM(CAST(c AS DECIMAL(5,1))) h, AVG(CAST(c AS DECIMAL(20,10))) i, MAX(CAST(v AS TINYINT)) j FROM ev;
