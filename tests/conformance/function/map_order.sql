CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='function/map_order.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `a` MAP<VARCHAR(4) NOT NULL, INT NOT NULL>, `b` MAP<INT NOT NULL, CHAR(1) NOT NULL>, `e` MAP<VARCHAR(2) NOT NULL, VARCHAR(2147483647)>, `f` MAP<BIGINT NOT NULL, INT NOT NULL>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, MAP['name', 1, 'city', 2, 'zip', 3, 'x', 4, 'p', 5] a, MAP[10, 'a', 3, 'b', 17, 'c', 100, 'd'] b, MAP['aa', s, 'zz', k, 'm', 'x'] e, MAP[CAST(5000000000 AS BIGINT), 1, CAST(-1 AS BIGINT), 2, CAST(7 AS BIGINT), 3] f FROM ev;
