-- Rows as the last change left them.
CREATE TABLE t (id INT, n STRING, v DOUBLE) WITH (
  'connector' = 'filesystem', 'path' = 'format/debezium.jsonl', 'format' = 'debezium-json'
);
CREATE TABLE `result` (id INT, n STRING, v DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
