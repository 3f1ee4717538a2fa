CREATE TABLE t (a STRING, d DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'function/javas_characters.jsonl', 'format' = 'json');
CREATE TABLE `result` (a STRING, b STRING, c INT, d STRING, e STRING) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a, PRINTF('%-6s|%6s', a, SUBSTRING(a, 2)), REGEXP_INSTR(a, 'b'), TRY_CAST(d AS VARCHAR(4)), CAST(CAST(d AS VARCHAR(4)) AS STRING) FROM t;
