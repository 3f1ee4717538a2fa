CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/small_types.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` TINYINT, `b` INT, `e` FLOAT, `f` DECIMAL(38, 6), `g` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SUM(CAST(v AS TINYINT)) OVER w a, AVG(CAST(v AS INT)) OVER w b, SUM(CAST(d AS FLOAT)) OVER w e, AVG(c) OVER w f, MIN(ts) OVER w g FROM ev WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
