CREATE TABLE a (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.jsonl', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.2.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT a.k, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND;
CREATE VIEW `both` AS SELECT a.k, a.ts AS lt, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND WHERE a.v > 1;
CREATE TABLE `result` (k STRING, x INT, y INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT * FROM (SELECT k, i, bi, w, rt FROM `both` WHERE w <> 3) MATCH_RECOGNIZE (PARTITION BY k ORDER BY rt, i, bi MEASURES X.bi AS x, Y.bi AS y ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (X Y) DEFINE Y AS Y.w > X.w) AS m;
