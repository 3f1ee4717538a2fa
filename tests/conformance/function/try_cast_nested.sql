CREATE TABLE t (
  id INT, a ARRAY<STRING>, m MAP<STRING, STRING>, r ROW<x STRING, y INT>, n ARRAY<ARRAY<STRING>>
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/try_cast_nested.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a ARRAY<INT>, m MAP<STRING, INT>, r ROW<x INT, y STRING>, n ARRAY<ARRAY<INT>>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, TRY_CAST(a AS ARRAY<INT>), TRY_CAST(m AS MAP<STRING, INT>), TRY_CAST(r AS ROW<x INT, y STRING>),
  TRY_CAST(n AS ARRAY<ARRAY<INT>>)
FROM t;
