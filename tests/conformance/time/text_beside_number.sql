CREATE TABLE t (
  id INT, d DATE, ts TIMESTAMP(3), l TIMESTAMP_LTZ(3), s STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'time/text_beside_number.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 DATE, c2 TIMESTAMP(3), c3 BOOLEAN, c4 BOOLEAN, c5 BOOLEAN, c6 BOOLEAN, c7 BOOLEAN, c8 STRING, c9 STRING, c10 STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  CEIL(d TO QUARTER),
  CEIL(ts TO QUARTER),
  id IN ('1', '3'),
  id NOT IN ('1', '3'),
  id BETWEEN '2' AND '3',
  id > '2',
  s IN (2, 5),
  CONVERT_TZ('2024-10-27 02:30:00', 'Europe/Berlin', 'UTC'),
  CONVERT_TZ('2024-10-27 02:30', 'Europe/Berlin', 'UTC'),
  CONVERT_TZ('2024-10-27 02:30:00', 'GMT+02:00', 'UTC')
FROM t;
