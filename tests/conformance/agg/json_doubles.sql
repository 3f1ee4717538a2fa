CREATE TABLE ev (id INT, d DOUBLE) WITH ('connector'='filesystem','path'='agg/json_doubles.jsonl','format'='json');
CREATE TABLE `result` (id INT, x STRING, y STRING, z STRING, w STRING, v STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, JSON_ARRAYAGG(d), JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE d), JSON_OBJECT('a' VALUE MAX(d)), JSON_ARRAY(MAX(d)), JSON_STRING(MAX(d)) FROM ev GROUP BY id;
