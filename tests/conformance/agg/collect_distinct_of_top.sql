CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_distinct_of_top.jsonl','format'='json');
CREATE TABLE `result` (k STRING, m MULTISET<BIGINT>, f MULTISET<BIGINT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COLLECT(DISTINCT v), COLLECT(v) FILTER (WHERE ok) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) AS rn FROM ev) WHERE rn <= 7 GROUP BY k;
