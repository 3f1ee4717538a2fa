CREATE TABLE nest (
  id INT, u ROW<nm STRING, ad ROW<city STRING, zip INT>>, tags ARRAY<STRING>, attrs MAP<STRING, INT>, items ARRAY<ROW<sku STRING, qty INT>>, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector'='filesystem','path'='unnest/then_window.jsonl','format'='json');
CREATE TEMPORARY VIEW ut AS SELECT tag, ts FROM nest CROSS JOIN UNNEST(tags) AS t(tag);
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `tag` VARCHAR(2147483647), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, tag, COUNT(*) n FROM TABLE(TUMBLE(TABLE ut, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, tag;
