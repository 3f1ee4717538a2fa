CREATE TABLE lz (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='match/rowtime_of_instants.jsonl','format'='json');
CREATE TEMPORARY VIEW vw6 AS SELECT * FROM lz MATCH_RECOGNIZE (PARTITION BY g ORDER BY ts MEASURES MAX(B.v) AS m1, SUM(A.v) AS m2, LAST(B.v) AS m3, COUNT(*) AS m4, MATCH_ROWTIME() AS mt5 AFTER MATCH SKIP TO NEXT ROW PATTERN (A{2,} B) WITHIN INTERVAL '8' SECOND DEFINE A AS A.v > 1, B AS COUNT(A.v) > 0 AND B.v IS NOT NULL);
CREATE TABLE `result` (`g` INT, `ws9` TIMESTAMP(3), `we10` TIMESTAMP(3), `wt11` TIMESTAMP(3), `a7` BIGINT, `a8` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT g, window_start AS ws9, window_end AS we10, window_time AS wt11, MIN(m2) AS a7, MAX(g) FILTER (WHERE (COALESCE(m2, -1) < 3)) AS a8 FROM TABLE(TUMBLE(TABLE vw6, DESCRIPTOR(mt5), INTERVAL '4' SECOND)) GROUP BY window_time, window_end, g, window_start;
