CREATE TABLE t (id INT, r ROW<a DECIMAL(5,2), v BYTES>, m MAP<STRING, DECIMAL(6,3)>, l ARRAY<DECIMAL(4,1)>) WITH ('connector'='filesystem','path'='decimal/nested.jsonl','format'='json');
CREATE TABLE `result` (id INT, r ROW<a DECIMAL(5,2), v BYTES>, m MAP<STRING, DECIMAL(6,3)>, l ARRAY<DECIMAL(4,1)>, x DECIMAL(5,2), y DECIMAL(6,3), z DECIMAL(4,1)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, r, m, l, r.a, m['k'], l[1] FROM t;
