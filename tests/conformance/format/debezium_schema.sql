-- Changes in an envelope with their schema; what is no change is ignored.
CREATE TABLE t (id INT, n STRING, v DOUBLE) WITH (
  'connector' = 'filesystem', 'path' = 'format/debezium_schema.jsonl', 'format' = 'debezium-json',
  'debezium-json.schema-include' = 'true', 'debezium-json.ignore-parse-errors' = 'true'
);
CREATE TABLE `result` (id INT, n STRING, v DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result` SELECT id, n, v FROM t WHERE n <> 'c' OR n IS NULL;
