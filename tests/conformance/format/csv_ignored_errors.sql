-- What does not fit is NULL, what is no record is left out.
CREATE TABLE t (
  id INT, s STRING, n BIGINT, d DOUBLE, b BOOLEAN
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_ignored_errors.jsonl', 'format' = 'csv',
  'csv.ignore-parse-errors' = 'true'
);
CREATE TABLE `result` (
  id INT, s STRING, n BIGINT, d DOUBLE, b BOOLEAN
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
