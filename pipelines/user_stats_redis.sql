-- user_stats and hot_products to Redis as well.
-- Belongs to user_events.sql, which declares the input; run them as one job:
--   pelton run pipelines/user_events.sql pipelines/user_stats_redis.sql

-- a. One hash per user, one field per event type.
CREATE TABLE user_stats_redis (
  user_id STRING, event_type STRING, `count` BIGINT,
  PRIMARY KEY (user_id, event_type) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = '${REDIS:-redis://127.0.0.1:6379}',   -- rediss://user:password@host for TLS and a user
  'ssl.ca.location' = '${REDIS_CA:-}',          -- of the CA, in PEM; empty: those of the system
  'data-type' = 'hash',
  'key' = '${USER_STATS_PREFIX:-user_stats}:{user_id}',
  'field' = '{event_type}',      -- the value is the column that is left
  'sink.publish' = 'early'       -- absolute counts: writing one again does no harm
);

INSERT INTO user_stats_redis
SELECT /*+ STATE_TTL('user_events' = '0 s') */ user_id, event_type, COUNT(*)
FROM user_events
GROUP BY user_id, event_type;

-- i. One sorted set: ZREVRANGE hot_products 0 9 WITHSCORES gives the best first.
CREATE TABLE hot_products_redis (
  product_id STRING, actions BIGINT, window_end TIMESTAMP(3),
  PRIMARY KEY (product_id) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = '${REDIS:-redis://127.0.0.1:6379}',
  'ssl.ca.location' = '${REDIS_CA:-}',
  'data-type' = 'zset',
  'key' = '${HOT_PRODUCTS_KEY:-hot_products}',
  'member' = '{product_id}',
  'score' = 'actions',
  'newest' = 'window_end',       -- a new minute's products take the place of all before
  'ttl' = '1 h',                 -- what was hot an hour ago is so no more
  'sink.publish' = 'early'
);

INSERT INTO hot_products_redis SELECT product_id, actions, window_end FROM hottest;
