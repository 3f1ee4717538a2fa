-- What users do: counts, metrics, alerts, enrichment, sessions, attributions.
-- Run it with: pelton run pipelines/user_events.sql
--
-- Parts are lettered a to i; what stands under `-- a.` and the like belongs to that part, so that
-- a part can be left out by deleting its paragraphs.
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
  -- Where the record lies in the topic: what makes an alert's id the same after a restart.
  `partition` BIGINT METADATA VIRTUAL,
  `offset`    BIGINT METADATA VIRTUAL,
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

-- The same topic with its rows taken as they come: what has to be at once (c, d) waits for no
-- watermark. Both tables are read and decoded once.
CREATE TABLE user_events_now WITH ('scan.order' = 'arrival') LIKE user_events;

-- How long "has alerted already" is remembered, in event time. What is counted for good says so by a
-- hint: STATE_TTL.
SET 'table.exec.state.ttl' = '2 h';

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

-- c. d. Alerts, seen as soon as they are written: this topic is at-least-once, and an alert that
-- is written again after a crash has the same id.
CREATE TABLE alerts (
  id STRING, alert_type STRING, severity STRING, message STRING, metadata STRING, `timestamp` DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = '${ALERTS_TOPIC:-alerts}',
  'sink.create-topic' = 'partitions:1,replication:1',
  'sink.delivery-guarantee' = 'at-least-once',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'format' = 'json',
  'json.embed' = 'metadata'
);

-- c. d. The newest alerts, for GET /alerts.
CREATE TABLE recent_alerts (
  id STRING, alert_type STRING, severity STRING, message STRING, metadata STRING, `timestamp` DOUBLE,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'queryable', 'max-rows' = '100');

-- c. How many events a user has had in the 60 seconds that end with each event.
CREATE VIEW rates AS
SELECT user_id, ts, `timestamp`,
  COUNT(*) OVER (PARTITION BY user_id ORDER BY ts
                 RANGE BETWEEN INTERVAL '60' SECOND PRECEDING AND CURRENT ROW) AS event_count
FROM user_events_now;

-- c. More than the limit is a warning, more than 300 an error, more than 1,000 critical.
CREATE VIEW excesses AS
SELECT user_id, ts, `timestamp`, event_count,
  CASE WHEN event_count > 1000 THEN 'critical' WHEN event_count > 300 THEN 'error'
       ELSE 'warning' END AS severity,
  DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm') AS event_minute
FROM rates
WHERE event_count > CAST('${RATE_LIMIT:-100}' AS BIGINT);

-- c. One alert for each user, severity and minute.
CREATE VIEW rate_alerts AS
SELECT
  'high_frequency:' || user_id || ':' || severity || ':' || event_minute AS id,
  'high_frequency' AS alert_type,
  severity,
  '用户' || user_id || '在1分钟内产生了' || CAST(event_count AS STRING) || '个事件' AS message,
  JSON_OBJECT(
    'user_id' VALUE user_id,
    'event_count' VALUE event_count,
    'threshold' VALUE CASE severity WHEN 'critical' THEN 1000 WHEN 'error' THEN 300
                                    ELSE CAST('${RATE_LIMIT:-100}' AS BIGINT) END
  ) AS metadata,
  `timestamp`
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id, severity, event_minute ORDER BY ts) AS nth
  FROM excesses
)
WHERE nth = 1;

-- d. Three events of one type in a row by one user, the last at most 60 seconds after the first
-- (WITHIN leaves its bound out). After a match the next starts afresh.
CREATE VIEW pattern_alerts AS
SELECT
  'pattern_match:' || user_id || ':' || CAST(at_partition AS STRING) || '-' || CAST(at_offset AS STRING) AS id,
  'pattern_match' AS alert_type,
  'info' AS severity,
  '用户' || user_id || '连续3次执行' || event_type || '操作' AS message,
  JSON_OBJECT('user_id' VALUE user_id, 'event_type' VALUE event_type, 'pattern_length' VALUE 3) AS metadata,
  `timestamp`
FROM user_events_now
MATCH_RECOGNIZE (
  PARTITION BY user_id
  ORDER BY ts
  MEASURES
    C.event_type AS event_type,
    C.`partition` AS at_partition,
    C.`offset` AS at_offset,
    C.`timestamp` AS `timestamp`
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B C) WITHIN INTERVAL '60.001' SECOND
  DEFINE
    B AS B.event_type = A.event_type,
    C AS C.event_type = A.event_type
) AS m;

-- e. Profiles, from a compacted topic with the user's id as key: a record says what is true of a user
-- from its time on, one without a value (a tombstone) that the profile is gone.
CREATE TABLE user_profiles (
  user_id STRING NOT NULL, segment STRING, age INT, updated_at DOUBLE,
  since AS TO_TIMESTAMP_LTZ(CAST(updated_at * 1000 AS BIGINT), 3),
  PRIMARY KEY (user_id) NOT ENFORCED,
  WATERMARK FOR since AS since
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = '${USER_PROFILES_TOPIC:-user_profiles}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${USER_EVENTS_GROUP:-pelton-user-events}',
  'key.format' = 'raw',
  'value.format' = 'json',
  'dead-letter.topic' = '${USER_EVENTS_DEAD_TOPIC:-user_events_dead}'
);

-- e. Each event with the profile that held at its time; a user without one passes with nulls.
CREATE TABLE enriched_events (
  user_id STRING, event_type STRING, page_url STRING, product_id STRING, `timestamp` DOUBLE,
  segment STRING, age INT
) WITH (
  'connector' = 'kafka',
  'topic' = '${ENRICHED_TOPIC:-enriched_events}',
  'sink.create-topic' = 'partitions:3,replication:1',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'key.format' = 'raw',
  'key.fields' = 'user_id',
  'format' = 'json'
);

-- f. The newest complete minute of each event type.
CREATE TABLE event_type_1m (
  event_type STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), `count` BIGINT,
  PRIMARY KEY (event_type) NOT ENFORCED
) WITH ('connector' = 'queryable');

-- g. Sessions: a user's events with no more than 30 minutes between them.
CREATE TABLE sessions (
  user_id STRING, session_start TIMESTAMP(3), session_end TIMESTAMP(3), events BIGINT, pages BIGINT,
  purchased BOOLEAN
) WITH (
  'connector' = 'kafka',
  'topic' = '${SESSIONS_TOPIC:-sessions}',
  'sink.create-topic' = 'partitions:3,replication:1',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'key.format' = 'raw',
  'key.fields' = 'user_id',
  'format' = 'json'
);

-- h. Each purchase with each click of the user on the same product in the hour before it.
CREATE TABLE attributions (
  user_id STRING, product_id STRING, clicked_at DOUBLE, purchased_at DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = '${ATTRIBUTIONS_TOPIC:-attributions}',
  'sink.create-topic' = 'partitions:3,replication:1',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'key.format' = 'raw',
  'key.fields' = 'user_id',
  'format' = 'json'
);

-- i. The ten products with most purchases and add_carts in the last hour, minute by minute.
CREATE TABLE hot_products (
  place BIGINT, product_id STRING, actions BIGINT, window_end TIMESTAMP(3),
  PRIMARY KEY (place) NOT ENFORCED
) WITH ('connector' = 'queryable');

-- i. Each minute's best ten of the hour before.
CREATE VIEW hottest AS
SELECT place, product_id, actions, window_end
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY actions DESC, product_id) AS place
  FROM (
    SELECT product_id, window_start, window_end, COUNT(*) AS actions
    FROM TABLE(HOP(TABLE user_events, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR))
    WHERE event_type IN ('purchase', 'add_cart') AND product_id IS NOT NULL
    GROUP BY product_id, window_start, window_end
  )
)
WHERE place <= 10;

-- One set, one job: the topic is read and decoded once for all of them.
EXECUTE STATEMENT SET BEGIN

-- a. Counts.
INSERT INTO user_stats
SELECT /*+ STATE_TTL('user_events' = '0 s') */ user_id, event_type, COUNT(*)
FROM user_events
GROUP BY user_id, event_type;

INSERT INTO page_stats
SELECT /*+ STATE_TTL('user_events' = '0 s') */ page_url, event_type, COUNT(*)
FROM user_events
WHERE page_url IS NOT NULL AND page_url <> ''
GROUP BY page_url, event_type;

INSERT INTO product_stats
SELECT /*+ STATE_TTL('user_events' = '0 s') */ product_id, event_type, COUNT(*)
FROM user_events
WHERE product_id IS NOT NULL AND product_id <> ''
GROUP BY product_id, event_type;

-- b. Five minutes long, a new one every ten seconds of event time. Each event has
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

-- c. Rate alerts.
INSERT INTO alerts SELECT id, alert_type, severity, message, metadata, `timestamp` FROM rate_alerts;

-- d. Pattern alerts.
INSERT INTO alerts SELECT id, alert_type, severity, message, metadata, `timestamp` FROM pattern_alerts;

-- c. d. Both for GET /alerts.
INSERT INTO recent_alerts
SELECT id, alert_type, severity, message, metadata, `timestamp` FROM rate_alerts
UNION ALL
SELECT id, alert_type, severity, message, metadata, `timestamp` FROM pattern_alerts;

-- e. Enrichment.
INSERT INTO enriched_events
SELECT e.user_id, e.event_type, e.page_url, e.product_id, e.`timestamp`, p.segment, p.age
FROM (SELECT user_id, event_type, page_url, product_id, `timestamp`, ts FROM user_events) AS e
LEFT JOIN user_profiles FOR SYSTEM_TIME AS OF e.ts AS p ON e.user_id = p.user_id;

-- f. Sliding counts.
INSERT INTO event_type_1m
SELECT event_type, window_start, window_end, COUNT(*)
FROM TABLE(HOP(TABLE user_events, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE))
GROUP BY event_type, window_start, window_end;

-- g. Sessions.
INSERT INTO sessions
SELECT user_id, window_start, window_end, COUNT(*), COUNT(DISTINCT page_url),
  MAX(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) = 1
FROM TABLE(SESSION(TABLE user_events PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '30' MINUTE))
GROUP BY user_id, window_start, window_end;

-- h. Attribution: rows of both sides are let go once the hour has passed.
INSERT INTO attributions
SELECT p.user_id, p.product_id, c.`timestamp`, p.`timestamp`
FROM (SELECT user_id, product_id, ts, `timestamp` FROM user_events WHERE event_type = 'purchase') AS p
JOIN (SELECT user_id, product_id, ts, `timestamp` FROM user_events WHERE event_type = 'click') AS c
  ON p.user_id = c.user_id AND p.product_id = c.product_id
  AND c.ts BETWEEN p.ts - INTERVAL '1' HOUR AND p.ts;

-- i. Hot products.
INSERT INTO hot_products SELECT place, product_id, actions, window_end FROM hottest;

END;
