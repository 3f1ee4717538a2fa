-- Alerts of severity error and critical to a DingTalk robot. Run it with:
--   DINGTALK_URL='https://oapi.dingtalk.com/robot/send?access_token=…' \
--   pelton run pipelines/alerts_dingtalk.sql --state-dir state/alerts_dingtalk
-- A job of its own: a robot that is away holds back nothing but this.

-- Times in messages are shown in this zone.
SET 'table.local-time-zone' = '${ALERTS_TIME_ZONE:-Asia/Shanghai}';

CREATE TABLE alerts (
  alert_type  STRING,
  severity    STRING,             -- info, warning, error or critical
  message     STRING,
  `timestamp` DOUBLE              -- seconds
) WITH (
  'connector' = 'kafka',
  'topic' = '${ALERTS_TOPIC:-alerts}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${DINGTALK_GROUP:-pelton-alerts-dingtalk}',
  'scan.startup.mode' = 'latest-offset',   -- the first start leaves old alerts alone
  'format' = 'json',
  'dead-letter.topic' = '${ALERTS_DEAD_TOPIC:-alerts_dead}'
);

-- {column} stands for its text. More than 20 in a minute become one digest.
CREATE TABLE dingtalk (
  alert_type STRING, severity STRING, message STRING, `time` STRING
) WITH (
  'connector' = 'dingtalk',
  'url' = '${DINGTALK_URL:?set it to the address of the robot}',
  'allow-private' = '${ALERTS_ALLOW_PRIVATE:-false}',   -- true: through a relay of one's own
  'secret' = '${DINGTALK_SECRET:-}',         -- of a robot that is secured by signature
  'title' = '[{severity}] {message}',
  'template' = '### [{severity}] {alert_type}

{message}

{time}',
  'dead-letter.path' = '${DINGTALK_UNDELIVERED:-alerts_dingtalk_undelivered.jsonl}'
);

INSERT INTO dingtalk
SELECT alert_type, severity, message, FROM_UNIXTIME(CAST(`timestamp` AS BIGINT))
FROM alerts
WHERE severity IN ('error', 'critical');
