CREATE TABLE t (
  id INT, ti TINYINT, i INT, b BIGINT, f FLOAT, d DOUBLE, dc DECIMAL(10,2), dd DECIMAL(38,18)
) WITH (
  'connector' = 'filesystem',
  'path' = 'decimal/small.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 DECIMAL(38, 18), c2 DECIMAL(20, 10), c3 DECIMAL(38, 7), c4 STRING, c5 ARRAY<DECIMAL(38, 18)>, c6 STRING, c7 VARCHAR(10), c8 STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  dd,
  CAST(dd AS DECIMAL(20,10)),
  dd * 1,
  CAST(ARRAY[dd] AS STRING),
  ARRAY[dd],
  JSON_STRING(dd),
  CAST(dd AS VARCHAR(10)),
  CONCAT('x', CAST(dd AS STRING))
FROM t;
