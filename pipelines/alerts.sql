-- Alerts to people: error and critical to a DingTalk robot, all of them to a webhook and by e-mail;
-- and the last 100 to a list in Redis.
-- Run it with, for example:
--   DINGTALK_URL='https://oapi.dingtalk.com/robot/send?access_token=…' \
--   ALERTS_WEBHOOK_URL=https://… SMTP=smtp://mail.example.com SMTP_USER=… SMTP_PASSWORD=… \
--   ALERTS_FROM=pelton@example.com ALERTS_TO='ops@example.com, night@example.com' \
--   REDIS=redis://127.0.0.1:6379 \
--   pelton run pipelines/alerts.sql --state-dir state/alerts
--
-- It reads what pipelines/user_events.sql writes. A receiver that is slow or away holds up neither
-- the others nor the job's commits: alerts wait for it on disk, over restarts too. By default nobody
-- listens at any of the addresses. Delete the paragraphs of a receiver that you don't have: else each
-- alert is tried there in vain, and then kept in the file of what was not delivered. A Redis that is
-- away is waited for: what is for it waits on disk.

-- Times in messages are shown in this zone.
SET 'table.local-time-zone' = '${ALERTS_TIME_ZONE:-Asia/Shanghai}';

CREATE TABLE alerts (
  id          STRING NOT NULL,
  alert_type  STRING,
  severity    STRING,             -- info, warning, error or critical
  message     STRING,
  metadata    STRING,             -- an object: read as its text
  `timestamp` DOUBLE              -- seconds
) WITH (
  'connector' = 'kafka',
  'topic' = '${ALERTS_TOPIC:-alerts}',
  'properties.bootstrap.servers' = '${KAFKA:-127.0.0.1:9092}',
  'properties.group.id' = '${ALERTS_GROUP:-pelton-alerts}',
  'scan.startup.mode' = 'latest-offset',   -- the first start leaves old alerts alone
  'format' = 'json',
  'dead-letter.topic' = '${ALERTS_DEAD_TOPIC:-alerts_dead}'
);

-- {column} stands for its text. More than 20 in a minute become one digest.
CREATE TABLE dingtalk (
  alert_type STRING, severity STRING, message STRING, `time` STRING
) WITH (
  'connector' = 'dingtalk',
  'url' = '${DINGTALK_URL:-http://nobody.invalid/robot/send}',
  'allow-private' = '${ALERTS_ALLOW_PRIVATE:-false}',   -- true: through a relay of one's own
  'secret' = '${DINGTALK_SECRET:-}',         -- of a robot that is secured by signature
  'title' = '[{severity}] {message}',
  'template' = '### [{severity}] {alert_type}

{message}

{time}',
  'dead-letter.path' = '${DINGTALK_UNDELIVERED:-alerts_dingtalk_undelivered.jsonl}'
);

-- Without a template the body is the row: {"id":…,"alert_type":…,"metadata":{…},…}.
CREATE TABLE webhook (
  id STRING, alert_type STRING, severity STRING, message STRING, metadata STRING,
  `timestamp` BIGINT
) WITH (
  'connector' = 'webhook',
  'url' = '${ALERTS_WEBHOOK_URL:-http://nobody.invalid/alerts}',
  'allow-private' = '${ALERTS_ALLOW_PRIVATE:-false}',   -- true: it stands in one's own network
  'secret' = '${ALERTS_WEBHOOK_SECRET:-}',   -- signs the body; empty: no signature
  'idempotency-key' = 'id',       -- an alert that is sent again has the same key
  'json.embed' = 'metadata',      -- the text is JSON and is written as JSON
  'dead-letter.path' = '${ALERTS_WEBHOOK_UNDELIVERED:-alerts_webhook_undelivered.jsonl}'
);

-- More than 20 in a minute become one digest here too.
CREATE TABLE email (
  id STRING, alert_type STRING, severity STRING, message STRING, metadata STRING, `time` STRING
) WITH (
  'connector' = 'email',
  'smtp' = '${SMTP:-smtp://127.0.0.1:9}',    -- secured by STARTTLS; smtps:// by TLS from the start
  'username' = '${SMTP_USER:-}',             -- empty: the server asks for none
  'password' = '${SMTP_PASSWORD:-}',
  'from' = '${ALERTS_FROM:-pelton@localhost}',
  'to' = '${ALERTS_TO:-ops@localhost}',      -- one or several, separated by commas
  'subject' = '[{severity}] {message}',
  'body' = '[{severity}] {alert_type}

{message}

{time}
{metadata}
{id}',
  'idempotency-key' = 'id',       -- an alert that is sent again has the same Message-ID
  'dead-letter.path' = '${ALERTS_EMAIL_UNDELIVERED:-alerts_email_undelivered.jsonl}'
);

-- LRANGE alerts:recent 0 9 gives the last ten, the newest first.
CREATE TABLE recent (
  id STRING, `type` STRING, severity STRING, message STRING, metadata STRING, `timestamp` DOUBLE,
  PRIMARY KEY (id) NOT ENFORCED   -- an alert that comes again is not there twice
) WITH (
  'connector' = 'redis',
  'url' = '${REDIS:-redis://127.0.0.1:6379}',   -- rediss://user:password@host for TLS and a user
  'ssl.ca.location' = '${REDIS_CA:-}',          -- of the CA, in PEM; empty: those of the system
  'data-type' = 'list',
  'key' = '${ALERTS_RECENT:-alerts:recent}',
  'max-length' = '100',
  'json.embed' = 'metadata'
);

EXECUTE STATEMENT SET BEGIN

INSERT INTO dingtalk
SELECT alert_type, severity, message, FROM_UNIXTIME(CAST(`timestamp` AS BIGINT))
FROM alerts
WHERE severity IN ('error', 'critical');

INSERT INTO webhook
SELECT id, alert_type, severity, message, metadata, CAST(`timestamp` AS BIGINT) FROM alerts;

INSERT INTO email
SELECT id, alert_type, severity, message, metadata, FROM_UNIXTIME(CAST(`timestamp` AS BIGINT))
FROM alerts;

INSERT INTO recent SELECT id, alert_type, severity, message, metadata, `timestamp` FROM alerts;

END;
