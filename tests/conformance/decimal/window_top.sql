CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/window_top.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a DECIMAL(10,2), we TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, a, window_end FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY a DESC, id) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '60' SECOND)) WHERE a IS NOT NULL) WHERE rn <= 2;
