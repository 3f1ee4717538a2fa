-- Every user event and every metric into ClickHouse, each once. Run it with:
--   CLICKHOUSE=http://127.0.0.1:8123 pelton run pipelines/archive.sql --state-dir state/archive
-- A job of its own: a ClickHouse that is away holds back nothing but this. pipelines/user_events.sql
-- computes the metrics.
--
-- The tables are made in ClickHouse first. The setting lets it tell an insert that is sent again from
-- a new one; Replicated tables do so without it. Rows come once a second (--epoch-interval), which is
-- how often ClickHouse likes to be written to.
--
--   CREATE DATABASE IF NOT EXISTS pelton;
--
--   CREATE TABLE IF NOT EXISTS pelton.user_events (
--     event_time DateTime64(3),
--     user_id    String,
--     event_type LowCardinality(String),
--     page_url   Nullable(String),
--     product_id Nullable(String),
--     properties Nullable(String)
--   ) ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_type, event_time)
--   SETTINGS non_replicated_deduplication_window = 1000;
--
--   CREATE TABLE IF NOT EXISTS pelton.metrics (
--     window_end  DateTime,
--     metric_name LowCardinality(String),
--     value       Nullable(Float64),
--     tags        Nullable(String)
--   ) ENGINE = MergeTree PARTITION BY toYYYYMM(window_end) ORDER BY (metric_name, window_end)
--   SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE user_events (
  user_id     STRING NOT NULL,
  event_type  STRING NOT NULL,
  page_url    STRING,
  product_id  STRING,
  properties  STRING,            -- an object: read as its text
  `timestamp` DOUBLE NOT NULL    -- seconds; a record without them goes to the dead letters
) WITH (
  'connector' = 'kafka',
  'topic' = '${USER_EVENTS_TOPIC:-user_events}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${ARCHIVE_GROUP:-pelton-archive}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'dead-letter.path' = '${ARCHIVE_DEAD:-archive_dead.jsonl}'
);

CREATE TABLE metrics (
  metric_name STRING NOT NULL,
  `value`     DOUBLE,
  tags        STRING,
  `timestamp` BIGINT NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = '${METRICS_TOPIC:-metrics}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${ARCHIVE_GROUP:-pelton-archive}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'dead-letter.path' = '${ARCHIVE_DEAD:-archive_dead.jsonl}'
);

CREATE TABLE archived_events (
  event_time TIMESTAMP_LTZ(3) NOT NULL,
  user_id STRING NOT NULL, event_type STRING NOT NULL, page_url STRING, product_id STRING,
  properties STRING
) WITH (
  'connector' = 'clickhouse',
  'url' = '${CLICKHOUSE:-http://127.0.0.1:8123}',
  'username' = '${CLICKHOUSE_USER:-default}',
  'password' = '${CLICKHOUSE_PASSWORD:-}',
  'database' = '${CLICKHOUSE_DATABASE:-pelton}',
  'table' = 'user_events'
);

CREATE TABLE archived_metrics (
  window_end TIMESTAMP_LTZ(3) NOT NULL, metric_name STRING NOT NULL, `value` DOUBLE, tags STRING
) WITH (
  'connector' = 'clickhouse',
  'url' = '${CLICKHOUSE:-http://127.0.0.1:8123}',
  'username' = '${CLICKHOUSE_USER:-default}',
  'password' = '${CLICKHOUSE_PASSWORD:-}',
  'database' = '${CLICKHOUSE_DATABASE:-pelton}',
  'table' = 'metrics'
);

EXECUTE STATEMENT SET BEGIN

-- A time beyond the year 9999 is no instant; the latest one there is takes its place.
INSERT INTO archived_events
SELECT COALESCE(TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3),
    CAST(TIMESTAMP '9999-12-31 23:59:59.999' AS TIMESTAMP_LTZ(3))), user_id, event_type, page_url,
  product_id, properties
FROM user_events;

INSERT INTO archived_metrics
SELECT COALESCE(TO_TIMESTAMP_LTZ(`timestamp` * 1000, 3),
    CAST(TIMESTAMP '9999-12-31 23:59:59.999' AS TIMESTAMP_LTZ(3))), metric_name, `value`, tags FROM metrics;

END;
