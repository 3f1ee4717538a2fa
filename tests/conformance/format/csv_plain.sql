-- Quotes, blanks, delimiters at the end; a record of two lines.
CREATE TABLE t (
  id INT, s STRING, n BIGINT, d DOUBLE, b BOOLEAN
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_plain.jsonl', 'format' = 'csv'
);
CREATE TABLE `result` (
  id INT, s STRING, n BIGINT, d DOUBLE, b BOOLEAN
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT id, REPLACE(REPLACE(s, CHR(13), '<CR>'), CHR(10), '<LF>'), n, d, b FROM t;
