CREATE TABLE mp (
  id INT, m MAP<STRING, INT>, n MAP<STRING, ARRAY<INT>>, r ROW<a MAP<STRING, INT>>
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/map_equal.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `id` INT,
  `e1` BOOLEAN,
  `e2` BOOLEAN,
  `e5` VARCHAR(5)
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT id, m = MAP['b', 2, 'a', 1] AS e1, m <> MAP['a', 1, 'b', 2] AS e2, CASE WHEN MAP['p', 1, 'q', 2] = r.a THEN 'same' ELSE 'other' END AS e5 FROM mp;
