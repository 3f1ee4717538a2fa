CREATE TABLE ev (id INT, m MULTISET<STRING>) WITH ('connector'='filesystem','path'='unnest/multiset.jsonl','format'='json');
CREATE TABLE `result` (id INT, x STRING, n INT) WITH ('connector'='print');
INSERT INTO `result` SELECT id, x, n FROM ev LEFT JOIN UNNEST(m) WITH ORDINALITY AS t(x, n) ON TRUE;
