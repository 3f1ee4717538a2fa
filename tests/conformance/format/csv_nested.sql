-- Arrays and rows in one field.
CREATE TABLE t (
  id INT, a ARRAY<STRING>, n ARRAY<INT>, r ROW<p INT, q STRING>
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_nested.jsonl', 'format' = 'csv',
  'csv.array-element-delimiter' = ':'
);
CREATE TABLE `result` (
  id INT, a1 STRING, a2 STRING, an INT, n1 INT, nn INT, p INT, q STRING
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT id, a[1], a[2], CARDINALITY(a), n[1], CARDINALITY(n), r.p, r.q FROM t;
