-- A field that nobody reads is not looked at.
CREATE TABLE t (
  id INT, s STRING, n INT, t STRING
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_projected.jsonl', 'format' = 'csv'
);
CREATE TABLE `result` (
  t STRING, id INT
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT t, id FROM t;
