-- Clicks per user and minute, the current minute included.
-- Run it with: pelton run pipelines/clickstream.sql
-- Ask it with: curl 127.0.0.1:6066/clicks/user_123/2023-10-01T12:34

CREATE TABLE clickstream (
  user_id     STRING NOT NULL,
  `timestamp` TIMESTAMP_LTZ(3),   -- written 2023-10-01T12:34:56Z
  page        STRING,
  WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${CLICKSTREAM_TOPIC:-clickstream}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${CLICKSTREAM_GROUP:-pelton-clickstream}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'dead-letter.topic' = '${CLICKSTREAM_DEAD_TOPIC:-clickstream_dead}'
);

-- A view is computed once, however many INSERTs read it. The session's time
-- zone is UTC unless SET says otherwise, and so are the minutes.
CREATE VIEW clicks_per_minute AS
SELECT user_id, FLOOR(CAST(`timestamp` AS TIMESTAMP(3)) TO MINUTE) AS `minute`, COUNT(*) AS clicks
FROM clickstream
GROUP BY user_id, FLOOR(CAST(`timestamp` AS TIMESTAMP(3)) TO MINUTE);

CREATE TABLE clicks (
  user_id STRING, `minute` TIMESTAMP(3), clicks BIGINT,
  PRIMARY KEY (user_id, `minute`) NOT ENFORCED
) WITH (
  'connector' = 'queryable',
  'http.route' = '/clicks/{user_id}/{minute}',
  'retention' = '7 d'             -- in event time; an older event is late
);

CREATE TABLE clicks_redis (
  user_id STRING, `minute` TIMESTAMP(3), clicks BIGINT,
  PRIMARY KEY (user_id, `minute`) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = '${REDIS:-redis://127.0.0.1:6379}',
  'ssl.ca.location' = '${REDIS_CA:-}',
  'data-type' = 'string',
  'key' = '${CLICKS_PREFIX:-clicks}:{user_id}:{minute}',   -- the value is the column that is left
  'ttl' = '7 d',                  -- wall clock, from the last write of the key
  'sink.publish' = 'early'        -- absolute counts: writing one again does no harm
);

EXECUTE STATEMENT SET BEGIN
INSERT INTO clicks SELECT user_id, `minute`, clicks FROM clicks_per_minute;
INSERT INTO clicks_redis SELECT user_id, `minute`, clicks FROM clicks_per_minute;
END;
