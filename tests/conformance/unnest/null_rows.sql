CREATE TABLE t (
  id INT, ar ARRAY<ROW<p INT, q STRING>>
) WITH (
  'connector' = 'filesystem',
  'path' = 'unnest/null_rows.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, p INT, q STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, p, q FROM t CROSS JOIN UNNEST(ar) AS u (p, q)
UNION ALL
SELECT id + 100, p, q FROM t LEFT JOIN UNNEST(ar) AS u (p, q) ON TRUE;
