CREATE TABLE nest (
  id INT, u ROW<nm STRING, ad ROW<city STRING, zip INT>>, tags ARRAY<STRING>, attrs MAP<STRING, INT>, items ARRAY<ROW<sku STRING, qty INT>>, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector'='filesystem','path'='unnest/rows_left.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `sku` VARCHAR(2147483647), `qty` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, sku, qty FROM nest LEFT JOIN UNNEST(items) AS t(sku, qty) ON TRUE;
