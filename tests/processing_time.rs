//! Windows over PROCTIME() and a stop: what was open then is put out by the next start.

mod common;

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::*;

const JOB: &str = "
CREATE TABLE g (id BIGINT, pt AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '300');
SELECT 'window', TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_end), COUNT(*)
  FROM TABLE(TUMBLE(TABLE g, DESCRIPTOR(pt), INTERVAL '1' SECOND))
  GROUP BY MOD(id, 5), window_start, window_end;
SELECT 'total', 0, COUNT(*) FROM g;
";

/// Rows that the job has read, and those of each window: its end in seconds, and how many.
type Seen = (i64, Vec<(i64, i64)>);

/// What the job prints until it has told of a window and is stopped.
fn printed(folder: &Folder, shards: &str) -> Seen {
    let out = folder.file(&format!("out{shards}"));
    let (job, state) = (folder.file("job.sql"), folder.file("state"));
    let arguments = ["run", &job, "--http", "off", "--shards", shards, "--state-dir", &state];
    let file = std::fs::File::create(&out).unwrap();
    let mut running = Job(pelton(&arguments).stdout(file).stderr(Stdio::null()).spawn().unwrap());
    let read = || std::fs::read_to_string(&out).unwrap();
    wait_for("a window to end", || read().contains("[window"));
    signal("-TERM", running.0.id());
    assert!(running.0.wait().unwrap().success());
    let (text, mut total, mut windows) = (read(), 0, Vec::new());
    for line in text.lines().filter(|line| line.starts_with('+')) {
        let fields: Vec<&str> = line[3..line.len() - 1].split(", ").collect();
        let (end, rows): (i64, i64) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
        match fields[0] {
            "total" => total = rows,
            _ => windows.push((end, rows)),
        }
    }
    (total, windows)
}

#[test]
fn windows_that_ended_while_the_job_was_away_fire_at_the_start() {
    let folder = Folder::new("processing_time");
    std::fs::write(folder.file("job.sql"), JOB).unwrap();
    let (total, mut windows) = printed(&folder, "2");
    let before = windows.iter().map(|(_, rows)| rows).sum::<i64>();
    // Longer than a window: all that the first start has read is of windows that have ended.
    std::thread::sleep(Duration::from_millis(1_100));
    let again = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let (_, more) = printed(&folder, "3");
    windows.extend(more);
    let ended = windows.iter().filter(|(end, _)| *end <= again).map(|(_, rows)| rows);
    assert_eq!(ended.sum::<i64>(), total, "{before} of them before the stop: {windows:?}");
}
