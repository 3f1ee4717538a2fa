//! What deploys the product speaks of what is there: metrics that a running job shows, with the
//! labels it gives them, and files that exist.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;

use common::{Folder, Job, get_text, pelton, wait_for};
use serde_json::Value;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    let from = |(at, _): (usize, &str)| {
        let name: String = text[at..].chars().take_while(|c| is_name(*c)).collect();
        let is_metric = !text[..at].ends_with(is_name) && name != "pelton_";
        is_metric.then_some(name)
    };
    text.match_indices("pelton_").filter_map(from).collect()
}

/// Each metric that jobs show, and the labels of its series.
type Shown = BTreeMap<String, BTreeSet<String>>;

fn add(shown: &mut Shown, metrics: &str) {
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.split("\",").filter_map(|label| label.split_once("=\""));
        let known = shown.entry(name.to_owned()).or_default();
        known.extend(labels.map(|(label, _)| label.to_owned()));
    }
}

/// The metrics of a job, once it shows those of these names.
fn metrics(folder: &Folder, name: &str, text: &str, until: &str) -> String {
    let job = folder.file(&format!("{name}.sql"));
    std::fs::write(&job, text).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let state = folder.file("state");
    let _job = Job(pelton(&["run", &job, "--http", &address, "--state-dir", &state])
        .current_dir(folder.file(""))
        .spawn()
        .unwrap());
    let mut metrics = String::new();
    wait_for(until, || {
        metrics = get_text(&address, "/metrics").unwrap_or_default();
        until.split(' ').all(|name| metrics.lines().any(|line| line.starts_with(name)))
    });
    metrics
}

fn shown() -> Shown {
    let folder = Folder::new("deploy");
    let input = "CREATE TABLE numbers (id BIGINT, ts AS PROCTIME())
        WITH ('connector' = 'datagen', 'rows-per-second' = '100');";
    let healthy = format!(
        "{input} CREATE TABLE seen (id BIGINT, n BIGINT, PRIMARY KEY (id) NOT ENFORCED)
           WITH ('connector' = 'queryable', 'max-rows' = '100');
         CREATE TABLE lines (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 'lines');
         INSERT INTO seen SELECT id, COUNT(*) FROM numbers GROUP BY id;
         INSERT INTO lines SELECT id FROM numbers;"
    );
    // Nobody listens at port 1.
    let troubled = format!(
        "{input} CREATE TABLE hook (id BIGINT)
           WITH ('connector' = 'webhook', 'url' = 'http://127.0.0.1:1', 'allow-private' = 'true');
         CREATE TABLE archive (id BIGINT)
           WITH ('connector' = 'clickhouse', 'url' = 'http://127.0.0.1:1', 'table' = 't');
         CREATE TABLE known (id BIGINT, name STRING)
           WITH ('connector' = 'redis', 'url' = 'redis://127.0.0.1:1', 'key' = 'k:{{id}}');
         CREATE TABLE found (id BIGINT) WITH ('connector' = 'blackhole');
         INSERT INTO found SELECT n.id FROM numbers AS n
           JOIN known FOR SYSTEM_TIME AS OF n.ts AS k ON k.id = n.id;
         INSERT INTO hook SELECT id FROM numbers; INSERT INTO archive SELECT id FROM numbers;"
    );
    let mut shown = Shown::new();
    add(
        &mut shown,
        &metrics(&folder, "healthy", &healthy, "pelton_epochs_total pelton_epoch_bytes"),
    );
    add(&mut shown, &metrics(&folder, "troubled", &troubled, "pelton_sink_dead_letters_total"));
    shown
}

#[test]
fn rules_and_dashboard_name_metrics_that_exist() {
    let shown = shown();
    let rules = file("deploy/prometheus/rules.yml");
    let dashboard = file("deploy/grafana/dashboards/pelton.json");
    let (of_rules, of_dashboard) = (named(&rules), named(&dashboard));
    assert!(of_rules.len() > 10 && of_dashboard.len() > 20, "{of_rules:?} {of_dashboard:?}");
    let missing: Vec<_> =
        of_rules.union(&of_dashboard).filter(|name| !shown.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are in no job's /metrics: {:?}", shown.keys());
    // What the tests of the rules make up is what rules ask for.
    let made_up = named(&file("deploy/prometheus/rules_test.yml"));
    assert_eq!(made_up.symmetric_difference(&of_rules).collect::<Vec<_>>(), Vec::<&String>::new());
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array()).flatten();
    let mut looked_at = 0;
    for target in targets {
        let (expr, legend) = (target["expr"].as_str().unwrap(), target["legendFormat"].as_str());
        for label in legend.unwrap().split("{{").skip(1) {
            let label = label.split("}}").next().unwrap();
            for metric in named(expr) {
                let known = label == "instance" || shown[&metric].contains(label);
                assert!(known, "{metric} has no label {label}: {:?}", shown[&metric]);
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}

/// `promtool test rules` shows what is asked for there: of each alert that it fires, and that it
/// leaves a job in good health alone.
#[test]
fn each_alert_is_shown_to_fire_and_to_stay_silent() {
    let (rules, tests) =
        (file("deploy/prometheus/rules.yml"), file("deploy/prometheus/rules_test.yml"));
    let alerts: Vec<_> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in alerts {
        let fires = format!("alertname=\"{alert}\",alertstate=\"firing\"");
        assert!(tests.contains(&fires), "{alert} is not shown to fire");
        let is_silent = format!("alertname: {alert}, exp_alerts: []");
        assert!(tests.contains(&is_silent), "{alert} is not shown to stay silent");
    }
}

/// Metrics of jobs that do more than those here, and what looks at them.
const ELSEWHERE: [(&str, &str); 3] = [
    ("pelton_recovery_seconds", "scripts/bench-recovery"),
    ("pelton_source_sample_rate", "tests/sampling.rs"),
    ("pelton_source_left_out_total", "tests/sampling.rs"),
];

#[test]
fn the_metrics_that_the_docs_name_exist() {
    let shown = shown();
    let docs = file("docs/operations.md");
    let section = docs.split("## Metrics worth an alert").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let elsewhere = |name: &String| {
        let found = ELSEWHERE.iter().find(|(metric, _)| metric == name);
        found.is_some_and(|(metric, test)| file(test).contains(metric))
    };
    let missing: Vec<_> = named(section)
        .into_iter()
        .filter(|name| !shown.contains_key(name) && !elsewhere(name))
        .filter(|name| !shown.contains_key(&format!("{name}_count")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = file("docker-compose.yml");
    let mounts = compose.lines().filter_map(|line| line.trim().strip_prefix("- ./"));
    let mounts: Vec<_> = mounts.filter_map(|mount| mount.split(':').next()).collect();
    assert!(mounts.len() >= 4, "{mounts:?}");
    for path in mounts {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}

#[test]
fn the_services_command_line_is_one_that_the_binary_takes() {
    let unit = file("deploy/systemd/pelton@.service");
    let folder = Folder::new("deploy_unit");
    let job = folder.file("job.sql");
    std::fs::write(
        &job,
        "CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen',
        'number-of-rows' = '1'); SELECT id FROM t;",
    )
    .unwrap();
    std::fs::write(folder.file("http-token"), "0123456789abcdef").unwrap();
    let unit = unit.replace("\\\n", " ");
    for start in ["ExecStartPre=", "ExecStart="] {
        let line = unit.lines().find_map(|line| line.strip_prefix(start)).unwrap();
        let words = line.split_whitespace().skip(1).filter(|word| *word != "$PELTON_ARGS");
        let args: Vec<String> = words
            .map(|word| match word {
                "/etc/pelton/%i.sql" => job.clone(),
                "/var/lib/pelton/%i/state" => folder.file("state"),
                word => {
                    word.replace("${CREDENTIALS_DIRECTORY}", folder.file("").trim_end_matches('/'))
                }
            })
            .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = pelton(&args);
        if start == "ExecStart=" {
            command.args(["--http", "127.0.0.1:0"]);
        }
        assert!(command.status().unwrap().success(), "{line}");
    }
}
