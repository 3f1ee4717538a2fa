CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/late_of_late.jsonl','format'='json');
CREATE TEMPORARY VIEW o AS SELECT id, ts, FIRST_VALUE(ok) OVER (PARTITION BY id ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS f FROM l0 WHERE s <> 'b';
CREATE TABLE `result` (`id` INT, `window_start` TIMESTAMP(3), `n` BIGINT, `m` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, window_start, COUNT(*) AS n, COUNT(f) AS m FROM TABLE(TUMBLE(TABLE o, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY id, window_start, window_end;
