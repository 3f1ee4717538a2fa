-- Every option that says how fields are told apart.
CREATE TABLE t (
  id INT, s STRING, u STRING
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_options.jsonl', 'format' = 'csv',
  'csv.field-delimiter' = ';',
  'csv.quote-character' = '''',
  'csv.allow-comments' = 'true',
  'csv.null-literal' = 'n/a',
  'csv.escape-character' = '\'
);
CREATE TABLE `result` (
  id INT, s STRING, u STRING
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
