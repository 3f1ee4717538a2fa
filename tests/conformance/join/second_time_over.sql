CREATE TABLE a (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.jsonl', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.2.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT a.k, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND;
CREATE VIEW `both` AS SELECT a.k, a.ts AS lt, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND WHERE a.v > 1;
CREATE TABLE `result` (i INT, bi INT, n BIGINT, s INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT i, bi, COUNT(*) OVER w, SUM(w) OVER w FROM `both` WINDOW w AS (PARTITION BY k ORDER BY rt RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW);
