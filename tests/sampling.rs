//! `scan.sample.when-lagging` in a whole job: the rate stands in the rows, so that what is left out can
//! be made up for, and in the metrics (`PELTON_TEST_KAFKA`).

mod common;

use common::*;

/// Events that the topic has had for years, as the producer says.
#[test]
fn counts_can_be_scaled_and_nothing_is_left_out_unseen() {
    let Some(kafka) = kafka() else { return };
    let (folder, topic) = (Folder::new("sampling"), unique("sampling"));
    let mut args = vec!["produce", "--kafka", &kafka, "--topic", &topic, "--partitions", "2"];
    args.extend(["--count", "60000", "--users", "50"]);
    assert!(pelton(&args).status().unwrap().success());
    let (file, log) = (folder.file(&format!("{topic}.sql")), folder.file("log"));
    let text = format!(
        "CREATE TABLE events (user_id STRING, sampled DOUBLE METADATA FROM 'sample-rate' VIRTUAL)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'format' = 'json',
           'scan.sample.when-lagging' = '1 ms', 'scan.sample.rate' = '0.2',
           'properties.bootstrap.servers' = '{kafka}', 'scan.startup.mode' = 'earliest-offset');
         CREATE TABLE counts (k INT, n BIGINT, about DOUBLE, smallest DOUBLE,
           PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'queryable');
         INSERT INTO counts SELECT 1, COUNT(*), SUM(1 / sampled), MIN(sampled) FROM events GROUP BY 1;"
    );
    std::fs::write(&file, text).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let args = ["run", &file, "--http", &address, "--shards", "2"];
    let to_log = std::fs::File::create(&log).unwrap();
    let running = Job(pelton(&args).stderr(to_log).spawn().unwrap());
    let metric = |name: &str| -> f64 {
        let text = get_text(&address, "/metrics").unwrap_or_default();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    let (records, left_out) = ("pelton_source_records_total", "pelton_source_left_out_total");
    wait_for("all records", || metric(records) + metric(left_out) == 60_000.0);
    // Of two workers, which read all again.
    wait_for("the end of it", || metric("pelton_source_sample_rate{") == 2.0);
    let row = || get(&address, "/api/v1/tables/counts?limit=1").map(|page| page["data"][0].clone());
    wait_for("the row", || row().is_some_and(|row| row["n"].as_f64() == Some(metric(records))));
    let row = row().unwrap();
    assert!(metric(left_out) > 30_000.0, "{}", metric(left_out));
    assert_eq!(row["smallest"], 0.2);
    let about = row["about"].as_f64().unwrap();
    assert!((57_000.0..63_000.0).contains(&about), "{row}");
    drop(running);
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("lags behind") && log.contains("has caught up"), "{log}");
}
