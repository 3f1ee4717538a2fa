-- What users do, counted three ways. Run it with: pelton run pipelines/user_events.sql
--
-- A job is a list of statements, each ended by a semicolon. CREATE TABLE names
-- something outside (a topic, a table to query); INSERT INTO starts the work.
-- ${NAME:-default} is taken from the environment, inside string literals only.

-- The input. Columns are read from the JSON fields of the same name.
CREATE TABLE user_events (
  user_id     STRING NOT NULL,   -- a record without it goes to the dead letters
  event_type  STRING NOT NULL,
  page_url    STRING,
  product_id  STRING,
  `timestamp` DOUBLE,            -- seconds with a fraction; quoted: it is a keyword
  -- A computed column: event time, to the millisecond.
  ts AS TO_TIMESTAMP_LTZ(CAST(`timestamp` * 1000 AS BIGINT), 3),
  -- Events may come up to five seconds out of order; later ones are counted late.
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${USER_EVENTS_TOPIC:-user_events}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${USER_EVENTS_GROUP:-pelton-user-events}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'dead-letter.topic' = '${USER_EVENTS_DEAD_TOPIC:-user_events_dead}'
);

-- a. Running counts. A queryable table keeps the newest row of each primary key
-- and answers over HTTP: GET /api/v1/tables/user_stats/user_001/click
CREATE TABLE user_stats (
  user_id STRING, event_type STRING, `count` BIGINT,
  PRIMARY KEY (user_id, event_type) NOT ENFORCED
) WITH ('connector' = 'queryable');

CREATE TABLE page_stats (
  page_url STRING, event_type STRING, `count` BIGINT,
  PRIMARY KEY (page_url, event_type) NOT ENFORCED
) WITH ('connector' = 'queryable');

CREATE TABLE product_stats (
  product_id STRING, event_type STRING, `count` BIGINT,
  PRIMARY KEY (product_id, event_type) NOT ENFORCED
) WITH ('connector' = 'queryable');

-- b. Metrics for dashboards, one JSON message per event type and window.
CREATE TABLE metrics (
  metric_name STRING, `value` DOUBLE, tags STRING, `timestamp` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${METRICS_TOPIC:-metrics}',
  'sink.create-topic' = 'partitions:1,replication:1',   -- made where it is missing
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'key.format' = 'raw',
  'key.fields' = 'metric_name',
  'format' = 'json',
  'json.embed' = 'tags'          -- the string holds JSON and is written as JSON
);

-- f. The newest complete minute of each event type.
CREATE TABLE event_type_1m (
  event_type STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), `count` BIGINT,
  PRIMARY KEY (event_type) NOT ENFORCED
) WITH ('connector' = 'queryable');

-- One set, one job: the topic is read and decoded once for all five.
EXECUTE STATEMENT SET BEGIN

INSERT INTO user_stats
SELECT user_id, event_type, COUNT(*) FROM user_events GROUP BY user_id, event_type;

INSERT INTO page_stats
SELECT page_url, event_type, COUNT(*) FROM user_events
WHERE page_url IS NOT NULL AND page_url <> ''
GROUP BY page_url, event_type;

INSERT INTO product_stats
SELECT product_id, event_type, COUNT(*) FROM user_events
WHERE product_id IS NOT NULL AND product_id <> ''
GROUP BY product_id, event_type;

-- Five minutes long, a new one every ten seconds of event time. Each event has
-- the value 1.0, so the sum of the values is written as a DOUBLE: 123.0. The time
-- is the window's end in seconds.
INSERT INTO metrics
SELECT
  'event_type:' || event_type,
  SUM(1.0E0),
  '{"window":"300s","count":"' || CAST(COUNT(*) AS STRING)
    || '","min":"' || CAST(MIN(1.0E0) AS STRING)
    || '","max":"' || CAST(MAX(1.0E0) AS STRING) || '"}',
  UNIX_TIMESTAMP(CAST(window_end AS STRING))
FROM TABLE(HOP(TABLE user_events, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '5' MINUTE))
GROUP BY event_type, window_start, window_end;

INSERT INTO event_type_1m
SELECT event_type, window_start, window_end, COUNT(*)
FROM TABLE(HOP(TABLE user_events, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE))
GROUP BY event_type, window_start, window_end;

END;
