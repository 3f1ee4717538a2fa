-- user_stats to Redis as well: one hash per user, one field per event type.
-- Belongs to user_events.sql, which declares the input; run them as one job:
--   pelton run pipelines/user_events.sql pipelines/user_stats_redis.sql
CREATE TABLE user_stats_redis (
  user_id STRING, event_type STRING, `count` BIGINT,
  PRIMARY KEY (user_id, event_type) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = '${REDIS:-redis://127.0.0.1:6379}',
  'data-type' = 'hash',
  'key' = '${USER_STATS_PREFIX:-user_stats}:{user_id}',
  'field' = '{event_type}',      -- the value is the column that is left
  'sink.publish' = 'early'       -- absolute counts: writing one again does no harm
);

INSERT INTO user_stats_redis
SELECT user_id, event_type, COUNT(*) FROM user_events GROUP BY user_id, event_type;
