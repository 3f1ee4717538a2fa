CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/temporal_then_match.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/temporal_then_match.2.jsonl',
  'format' = 'json'
);

CREATE VIEW vers AS SELECT k, g, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM ev2) WHERE rn = 1;
CREATE VIEW j AS SELECT e.id, e.k, r.v, e.ts FROM ev AS e JOIN vers FOR SYSTEM_TIME AS OF e.ts AS r ON e.k = r.k;

CREATE TABLE `result` (
  k STRING, a INT, b INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM j MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS x, B.id AS y PATTERN (A B) DEFINE B AS B.v <> A.v);
