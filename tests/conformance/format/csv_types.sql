-- A value of each type.
CREATE TABLE t (
  t TINYINT, f FLOAT, dc DECIMAL(5, 2), y BYTES, dt DATE, tm TIME, ts TIMESTAMP(3), tz TIMESTAMP_LTZ(3), c CHAR(3)
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_types.jsonl', 'format' = 'csv'
);
CREATE TABLE `result` (
  t TINYINT, f FLOAT, dc DECIMAL(5, 2), y BYTES, dt DATE, tm TIME, ts TIMESTAMP(3), tz TIMESTAMP_LTZ(3), c CHAR(3)
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
