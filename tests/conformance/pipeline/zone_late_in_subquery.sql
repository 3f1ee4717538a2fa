SET 'table.local-time-zone' = 'Asia/Tokyo';
CREATE TABLE lz (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/zone_late_in_subquery.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `x` INT,
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, SUM(late) x, COUNT(*) n FROM (SELECT window_start, window_end, CASE WHEN CAST(ts AS TIMESTAMP(3)) > window_start + INTERVAL '5' SECOND THEN 1 ELSE 0 END late FROM TABLE(TUMBLE(TABLE lz, DESCRIPTOR(ts), INTERVAL '10' SECOND))) GROUP BY window_start, window_end;
