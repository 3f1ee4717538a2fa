-- Every alert to a webhook, one request each. Run it with:
--   ALERTS_WEBHOOK_URL=https://… pelton run pipelines/alerts_webhook.sql --state-dir state/alerts_webhook
-- A job of its own: a receiver that is away holds back nothing but this.

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
  'properties.group.id' = '${ALERTS_WEBHOOK_GROUP:-pelton-alerts-webhook}',
  'scan.startup.mode' = 'latest-offset',   -- the first start leaves old alerts alone
  'format' = 'json',
  'dead-letter.topic' = '${ALERTS_DEAD_TOPIC:-alerts_dead}'
);

-- Without a template the body is the row: {"id":…,"alert_type":…,"metadata":{…},…}.
CREATE TABLE webhook (
  id STRING, alert_type STRING, severity STRING, message STRING, metadata STRING,
  `timestamp` BIGINT
) WITH (
  'connector' = 'webhook',
  'url' = '${ALERTS_WEBHOOK_URL:?set it to the address that takes the alerts}',
  'allow-private' = '${ALERTS_ALLOW_PRIVATE:-false}',   -- true: it stands in one's own network
  'secret' = '${ALERTS_WEBHOOK_SECRET:-}',   -- signs the body; empty: no signature
  'idempotency-key' = 'id',       -- an alert that is sent again has the same key
  'json.embed' = 'metadata',      -- the text is JSON and is written as JSON
  'dead-letter.path' = '${ALERTS_WEBHOOK_UNDELIVERED:-alerts_webhook_undelivered.jsonl}'
);

INSERT INTO webhook
SELECT id, alert_type, severity, message, metadata, CAST(`timestamp` AS BIGINT) FROM alerts;
