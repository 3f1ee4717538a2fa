CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  s STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/over_then_match.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, a INT, b INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM (SELECT k, id, ts, SUM(g) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM ev) MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FIRST(A.id) AS x, LAST(B.s) AS y AFTER MATCH SKIP PAST LAST ROW PATTERN (A{1,2} B) DEFINE A AS A.s <= 3, B AS B.s > 3);
