CREATE TABLE t (
  id INT, s STRING, t STRING, n INT
) WITH (
  'connector' = 'filesystem',
  'path' = 'scalar/odd_texts.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 BOOLEAN, c8 STRING, c9 STRING, c10 STRING, c11 BOOLEAN, c12 INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  REPLACE(s, t, 'X'),
  REPLACE(s, '', 'X'),
  LPAD(s, n, '*'),
  RPAD(s, n, '*'),
  SPLIT_INDEX(s, 44, 0),
  SPLIT_INDEX(s, '', 0),
  REGEXP(s, t),
  FROM_BASE64('aGk'),
  URL_DECODE(s),
  OVERLAY(s PLACING 'XX' FROM 2 FOR 5),
  IS_DECIMAL(s),
  REGEXP_COUNT(s, t)
FROM t;
