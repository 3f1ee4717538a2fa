-- An aggregate over rows that change.
CREATE TABLE t (id INT, n STRING, v DOUBLE) WITH (
  'connector' = 'filesystem', 'path' = 'format/debezium_sums.jsonl', 'format' = 'debezium-json'
);
CREATE TABLE `result` (n STRING, c BIGINT, s DOUBLE, m DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result` SELECT n, COUNT(*), SUM(v), MAX(v) FROM t GROUP BY n;
