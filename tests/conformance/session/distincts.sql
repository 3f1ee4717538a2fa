CREATE TABLE ev (
  k STRING,
  g INT,
  v INT,
  d DOUBLE,
  p DECIMAL(10, 2),
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'session/distincts.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, we STRING, a BIGINT, b INT, c INT, d BIGINT, e DECIMAL(38, 2), g BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(DISTINCT v), SUM(DISTINCT v), AVG(DISTINCT v), COUNT(DISTINCT f), SUM(DISTINCT p), COUNT(DISTINCT d) FILTER (WHERE g = 1) FROM TABLE(SESSION(TABLE ev PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end HAVING COUNT(*) > 1;
