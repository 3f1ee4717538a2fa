CREATE TABLE t (id INT, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'time/iso_minutes.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
CREATE TABLE `result` (id INT, ts TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result` SELECT id, ts FROM t;
