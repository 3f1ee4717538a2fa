CREATE TABLE a (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.jsonl', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/second_time.2.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT a.k, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND;
CREATE VIEW `both` AS SELECT a.k, a.ts AS lt, a.id AS i, b.id AS bi, b.v AS w, b.ts AS rt FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '2' SECOND AND a.ts + INTERVAL '6' SECOND WHERE a.v > 1;
CREATE TABLE `result` (ws STRING, k STRING, n BIGINT, s INT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT CAST(window_start AS STRING), k, COUNT(*), SUM(w) FROM TABLE(SESSION(TABLE j PARTITION BY k, DESCRIPTOR(rt), INTERVAL '3' SECOND)) GROUP BY window_start, window_end, k;
