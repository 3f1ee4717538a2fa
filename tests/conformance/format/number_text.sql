CREATE TABLE t (
  id INT, s STRING, x STRING, r ROW<x STRING>
) WITH (
  'connector' = 'filesystem',
  'path' = 'format/number_text.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, s STRING, x STRING, c STRING, y STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, s, x, CONCAT(s, x), r.x FROM t;
