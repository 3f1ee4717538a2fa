CREATE TABLE t (id INT, s STRING) WITH ('connector'='filesystem','path'='decimal/try_cast_text.jsonl','format'='json');
CREATE TABLE `result` (id INT, s STRING, a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, '<' || s || '>', CAST(TRY_CAST(s AS DECIMAL(5,1)) AS STRING), CAST(TRY_CAST(s AS DECIMAL(30,10)) AS STRING) FROM t;
