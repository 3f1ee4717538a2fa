CREATE TABLE ev (
  k STRING,
  v INT,
  d DOUBLE,
  p DECIMAL(10, 2),
  s STRING,
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'session/filters.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, we STRING, n BIGINT, n2 BIGINT, s1 INT, s2 DECIMAL(38, 2), mn STRING, mx DOUBLE, dn BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(*) FILTER (WHERE f), COUNT(DISTINCT s) FILTER (WHERE v > 1), SUM(DISTINCT v) FILTER (WHERE f IS NOT FALSE), SUM(p) FILTER (WHERE p > 0), MIN(s) FILTER (WHERE s <> ''), MAX(d) FILTER (WHERE v IS NULL), COUNT(DISTINCT v) FROM TABLE(SESSION(TABLE ev PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end;
