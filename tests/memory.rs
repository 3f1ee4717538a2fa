//! A job that wants more memory than it may take ends with a reason, not by the system.

mod common;

use std::process::Stdio;

use common::*;

#[test]
fn state_without_a_bound_ends_the_job_before_the_limit_does() {
    let folder = Folder::new("memory");
    let job = folder.file("job.sql");
    let text = "CREATE TABLE t (id BIGINT, name STRING) WITH ('connector' = 'datagen',
          'rows-per-second' = '2000000', 'fields.name.length' = '40');
        CREATE TABLE counts (id BIGINT, name STRING, n BIGINT, PRIMARY KEY (id, name) NOT ENFORCED)
        WITH ('connector' = 'queryable');
        INSERT INTO counts SELECT id, name, COUNT(*) FROM t GROUP BY id, name;";
    std::fs::write(&job, text).unwrap();
    let more = ["--http", "off", "--state-dir", "off", "--max-memory", "256MiB"];
    let run = pelton(&[&["run", &job][..], &more].concat()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", run.id());
    let watch = std::thread::spawn(move || {
        let mut peak_kib = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else {
                break;
            };
            peak_kib = line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak_kib
    });
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("nothing is read for a while"), "{said}");
    assert!(said.contains("--max-memory is 256 MiB. Most state is held by {operator="), "{said}");
    let peak_mib = watch.join().unwrap() >> 10;
    // A table that doubles takes both sizes at once.
    assert!((200..400).contains(&peak_mib), "{peak_mib} MiB");
}
