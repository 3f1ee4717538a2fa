CREATE TABLE ev (
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  ra ARRAY<ROW<x INT, y STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/map_key.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  x INT, n BIGINT, s INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT w.m['a'], COUNT(*), SUM(w.ra[1].x) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) AS w GROUP BY w.m['a'], w.window_start, w.window_end;
