CREATE TABLE t (
  k STRING, bo BOOLEAN, i INT
) WITH (
  'connector' = 'filesystem',
  'path' = 'agg/grouping_cube.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, bo BOOLEAN, n BIGINT, gk BIGINT, gb BIGINT, id BIGINT, shown STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, bo, COUNT(*), GROUPING(k), GROUPING(bo), GROUPING_ID(k, bo),
  CASE WHEN GROUPING(k) = 1 THEN 'all' ELSE COALESCE(k, 'none') END
FROM t GROUP BY CUBE(k, bo)
HAVING COUNT(*) > 1 OR GROUPING(k) = 0;
