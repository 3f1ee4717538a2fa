CREATE TABLE t (
  id INT, ti TINYINT, i INT, b BIGINT, f FLOAT, d DOUBLE, dc DECIMAL(10,2), dd DECIMAL(38,18)
) WITH (
  'connector' = 'filesystem',
  'path' = 'scalar/float_types.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN, c4 BOOLEAN, c5 BOOLEAN, c6 BOOLEAN, c7 BOOLEAN, c8 BOOLEAN, c9 BOOLEAN, c10 DOUBLE, c11 FLOAT, c12 DOUBLE, c13 DOUBLE, c14 FLOAT, c15 FLOAT, c16 FLOAT, c17 DOUBLE, c18 DOUBLE, c19 DOUBLE, c20 FLOAT, c21 FLOAT, c22 DOUBLE, c23 FLOAT, c24 FLOAT, c25 FLOAT, c26 DOUBLE, c27 FLOAT, c28 FLOAT, c29 ARRAY<FLOAT>, c30 ARRAY<FLOAT>, c31 FLOAT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  f = d,
  d = f,
  f <> d,
  f < d,
  f >= d,
  f IN (d, 5),
  f IS NOT DISTINCT FROM d,
  f = 0.1E0,
  f > 0.1E0,
  f + 0.1,
  f + 0.1E0,
  0.1E0 + f,
  d + f,
  f - i,
  i * f,
  f / 3,
  f / 3.0,
  dc * f,
  COALESCE(f, d),
  COALESCE(f, i),
  COALESCE(f, b),
  GREATEST(f, d),
  GREATEST(f, b),
  LEAST(i, f),
  CASE WHEN i > 1 THEN f ELSE d END,
  CASE WHEN i > 1 THEN d ELSE f END,
  IF(i > 1, f, b),
  NULLIF(f, d),
  ARRAY[f, d],
  ARRAY[f, b],
  ROUND(f + i, 2)
FROM t;
