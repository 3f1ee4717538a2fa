CREATE TABLE t (
  id INT, k STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'topn_dedup/limit.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  src STRING, id INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM (
  (SELECT 'limit', id FROM t LIMIT 2)
  UNION ALL
  (SELECT 'where', id FROM t WHERE k = 'b' LIMIT 3)
  UNION ALL
  (SELECT 'fetch', id FROM t ORDER BY id DESC FETCH FIRST 2 ROWS ONLY)
  UNION ALL
  (SELECT 'offset', id FROM t ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY)
) AS u (src, id);
