CREATE TABLE ev (id INT, m MULTISET<STRING>) WITH ('connector'='filesystem','path'='format/json_multiset.jsonl','format'='json');
CREATE TABLE `result` (m MULTISET<STRING>, n BIGINT, same BOOLEAN, absent BOOLEAN) WITH ('connector'='print');
INSERT INTO `result` SELECT a.m, COUNT(*), a.m = b.m, a.m IS NULL FROM ev AS a, ev AS b WHERE b.id = 1 GROUP BY a.m, b.m;
