CREATE TABLE t (
  id INT, j STRING, k STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/printf.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 STRING, c8 STRING, c9 STRING, c10 STRING, c11 STRING, c12 STRING, c13 STRING, c14 STRING, c15 STRING, c16 STRING, c17 STRING, c18 STRING, c19 STRING, c20 BOOLEAN, c21 BOOLEAN, c22 BOOLEAN
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  PRINTF('%d %5d %-5d| %05d %+d %,d %x %X %o', id, id, id, id, id, 1234567, 255, 255, 8),
  PRINTF('%s|%5s|%-5s|', j, 'ab', 'ab'),
  PRINTF('%s %s', 'a'),
  PRINTF('%d', 'a'),
  PRINTF('%s', 1.50),
  PRINTF('%.2f', 1.555),
  PRINTF('%s', DATE '2024-01-01'),
  PRINTF('%2$s %1$s', 'a', 'b'),
  PRINTF(CAST(NULL AS STRING), 1),
  PRINTF('%.3s|', 'abcdef'),
  PRINTF('%S', 'abc'),
  TYPEOF(TIMESTAMP '2024-01-01 10:00:00' + INTERVAL '1' SECOND),
  TYPEOF(COALESCE(TIMESTAMP '2024-01-01 10:00:00', TIMESTAMP '2024-01-01 10:00:00.123')),
  TYPEOF(CONCAT('a', j)),
  TYPEOF(1),
  TYPEOF(INTERVAL '1' DAY),
  TYPEOF(id > 1),
  TYPEOF(CAST(id AS TINYINT) * CAST(id AS SMALLINT)),
  TYPEOF(CAST(1.5 AS DECIMAL(10,3)) / 7),
  IS_DECIMAL('1d'),
  IS_DECIMAL(''),
  IS_DECIMAL(id)
FROM t;
