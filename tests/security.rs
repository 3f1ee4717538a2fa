//! What docs/security.md promises: TLS and SASL to a real Kafka of the test's own, secrets that are
//! shown nowhere, state that is its user's alone.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;

const PASSWORD: &str = "geheim-4711-passwort";

/// A broker with a listener for TLS and SASL, `None` where Kafka cannot be started.
struct Broker {
    folder: Folder,
    open: String,
    secure: String,
}

impl Broker {
    fn start() -> Self {
        let folder = Folder::new("secure");
        let said = Self::script(&["start", "--port", "0", "--secure", "--dir", &folder.file("")]);
        let open = said.lines().last().unwrap().to_owned();
        let secure = std::fs::read_to_string(folder.file("secure")).unwrap().trim().to_owned();
        Self { folder, open, secure }
    }

    fn script(args: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kafka");
        let output = Command::new(script).args(args).env("KAFKA_PASSWORD", PASSWORD).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        Self::script(&["stop", "--dir", &self.folder.file("")]);
    }
}

/// Copies a topic into another exactly once, over the secured listener.
fn copy(broker: &Broker, topic: &str, login: &str) -> String {
    let properties = format!(
        "'connector' = 'kafka', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset',
         'properties.bootstrap.servers' = '{}', 'properties.security.protocol' = 'SASL_SSL',
         'properties.ssl.truststore.location' = '{}', {login}",
        broker.secure,
        broker.folder.file("ca.pem"),
    );
    format!(
        "CREATE TABLE source (id BIGINT) WITH ('topic' = '{topic}',
           'dead-letter.topic' = '{topic}_dead', {properties});
         CREATE TABLE target (id BIGINT) WITH ('topic' = '{topic}_copy',
           'sink.create-topic' = 'true', {});
         INSERT INTO target SELECT id FROM source;",
        properties.replace("'scan.startup.mode' = 'earliest-offset',", "")
    )
}

fn run_to_the_end(folder: &Folder, text: &str) -> (bool, String) {
    let job = folder.file("job.sql");
    std::fs::write(&job, text).unwrap();
    let mut command = pelton(&["run", &job, "--http", "off", "--until", "end"]);
    command.args(["--state-dir", &folder.file("state")]).env("KAFKA_PASSWORD", PASSWORD);
    let mut job = Job(command.stderr(Stdio::piped()).spawn().unwrap());
    let started = std::time::Instant::now();
    while job.0.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let ended = job.0.try_wait().unwrap().is_some_and(|status| status.success());
    let _ = job.0.kill();
    let mut log = String::new();
    std::io::Read::read_to_string(job.0.stderr.as_mut().unwrap(), &mut log).unwrap();
    (ended, log)
}

fn lines_of(broker: &Broker, topic: &str) -> usize {
    let folder = Folder::new("secure_read");
    let out = folder.file("out");
    let text = format!(
        "CREATE TABLE copied (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
           'format' = 'json', 'scan.startup.mode' = 'earliest-offset',
           'properties.bootstrap.servers' = '{}');
         CREATE TABLE lines (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{out}');
         INSERT INTO lines SELECT id FROM copied;",
        broker.open
    );
    let (ended, log) = run_to_the_end(&folder, &text);
    assert!(ended, "{log}");
    lines(std::path::Path::new(&out)).len()
}

#[test]
fn tls_and_sasl_to_a_real_broker() {
    if kafka().is_none() {
        return;
    }
    let broker = Broker::start();
    let sasl = |mechanism: &str, password: &str| {
        format!(
            "'properties.sasl.mechanism' = '{mechanism}', 'properties.sasl.username' = 'pelton',
             'properties.sasl.password' = '{password}'"
        )
    };
    let java = "'properties.sasl.mechanism' = 'SCRAM-SHA-512', 'properties.sasl.jaas.config' =
        'org.apache.kafka.common.security.scram.ScramLoginModule required
         username=\"pelton\" password=\"${KAFKA_PASSWORD}\";'";
    let logins = [
        ("plain", sasl("PLAIN", "${KAFKA_PASSWORD}")),
        ("scram256", sasl("SCRAM-SHA-256", "${KAFKA_PASSWORD}")),
        ("scram512", sasl("SCRAM-SHA-512", "${KAFKA_PASSWORD}")),
        ("java", java.to_owned()),
    ];
    let (broker, logins) = (&broker, &logins);
    std::thread::scope(|scope| {
        for (topic, login) in logins {
            scope.spawn(move || copies_with(broker, topic, login));
        }
        scope.spawn(|| {
            let wrong = sasl("SCRAM-SHA-512", "wrong-password-8472");
            let job = copy(broker, "plain", &wrong);
            let (ended, log) = run_to_the_end(&Folder::new("secure_no"), &job);
            assert!(!ended && !log.contains("8472"), "{log}");
            assert!(log.contains("refuses the login: check 'properties.sasl"), "{log}");
        });
        scope.spawn(|| {
            let other = Folder::new("secure_other");
            std::fs::write(other.file("ca.pem"), certificate().0.to_pem().unwrap()).unwrap();
            let known = copy(broker, "plain", &logins[0].1);
            let strange = known.replace(&broker.folder.file("ca.pem"), &other.file("ca.pem"));
            let (ended, log) = run_to_the_end(&Folder::new("secure_no"), &strange);
            assert!(!ended && log.contains("no TLS connection: check"), "{log}");
        });
        scope.spawn(|| {
            // The certificate names the address alone.
            let known = copy(broker, "plain", &logins[0].1);
            let named =
                known.replace(&broker.secure, &broker.secure.replace("127.0.0.1", "localhost"));
            let (ended, log) = run_to_the_end(&Folder::new("secure_no"), &named);
            assert!(!ended && log.contains("no TLS connection: check"), "{log}");
        });
    });
}

fn copies_with(broker: &Broker, topic: &str, login: &str) {
    let folder = Folder::new("secure_copy");
    let rows = folder.file("rows");
    std::fs::write(&rows, "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n").unwrap();
    let feed = format!(
        "CREATE TABLE rows (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{rows}',
           'format' = 'json');
         CREATE TABLE feed (id BIGINT) WITH ('connector' = 'kafka', 'topic' = '{topic}',
           'sink.create-topic' = 'partitions:1,replication:1', 'format' = 'json',
           'properties.bootstrap.servers' = '{}');
         INSERT INTO feed SELECT id FROM rows;",
        broker.open
    );
    let (ended, log) = run_to_the_end(&folder, &feed);
    assert!(ended, "{log}");
    let folder = Folder::new("secure_copy");
    let (ended, log) = run_to_the_end(&folder, &copy(broker, topic, login));
    assert!(ended && !log.contains(PASSWORD), "{topic}: {log}");
    assert_eq!(lines_of(broker, &format!("{topic}_copy")), 3, "{topic}");
    // The tools of the command line log in as the job does.
    let list = pelton(&["dlq", "list", &folder.file("job.sql")])
        .env("KAFKA_PASSWORD", PASSWORD)
        .stdout(Stdio::piped())
        .output();
    assert!(String::from_utf8(list.unwrap().stdout).unwrap().contains("0 letter(s)"));
}

/// Every place where a job takes a secret.
const SECRETS: [&str; 10] = [
    "s3cr-kafka-s3cr",
    "s3cr-key-s3cr",
    "s3cr-redis-s3cr",
    "s3cr-click-s3cr",
    "s3cr-query-s3cr",
    "s3cr-header-s3cr",
    "s3cr-sign-s3cr",
    "s3cr-robot-s3cr",
    "s3cr-mail-s3cr",
    "s3cr-registry-s3cr",
];

/// Name and options of a table of each kind. Nobody listens at port 1, so no epoch is committed.
fn sinks(file: impl Fn(usize) -> String) -> [(&'static str, String); 6] {
    [
        (
            "stored",
            format!("'redis', 'url' = 'redis://me:{}@127.0.0.1:1', 'key' = 'k:{{id}}'", file(2)),
        ),
        (
            "archived",
            format!(
                "'clickhouse', 'url' = 'http://127.0.0.1:1', 'username' = 'me', 'password' = '{}',
                 'table' = 't'",
                file(3)
            ),
        ),
        (
            "hooked",
            format!(
                "'webhook', 'allow-private' = 'true', 'url' = 'http://127.0.0.1:1/x?key={}', 'headers.Authorization' = '{}',
                 'secret' = '{}', 'retry.attempts' = '1', 'dead-letter.path' = 'hooked.dead', 'sink.publish' = 'early'",
                file(4),
                file(5),
                file(6)
            ),
        ),
        (
            "robot",
            format!(
                "'dingtalk', 'allow-private' = 'true', 'url' = 'http://127.0.0.1:1/send?access_token={}', 'secret' = '{}',
                 'retry.attempts' = '1', 'dead-letter.path' = 'robot.dead', 'sink.publish' = 'early'",
                file(7),
                file(7)
            ),
        ),
        (
            "mailed",
            format!(
                "'email', 'smtp' = 'smtp://127.0.0.1:1', 'username' = 'me', 'password' = '{}',
                 'from' = 'a@example.com', 'to' = 'b@example.com', 'retry.attempts' = '1',
                 'dead-letter.path' = 'mailed.dead', 'sink.publish' = 'early'",
                file(8)
            ),
        ),
        (
            "written",
            "'kafka', 'topic' = 'out', 'format' = 'json', 'properties.sasl.mechanism' = 'PLAIN',
             'properties.security.protocol' = 'SASL_PLAINTEXT', 'properties.sasl.username' = 'me',
             'properties.sasl.password' = '${KAFKA_SECRET}',
             'sink.delivery-guarantee' = 'at-least-once',
             'properties.bootstrap.servers' = '127.0.0.1:1'"
                .to_owned(),
        ),
    ]
}

fn job_with_secrets(folder: &Folder) -> String {
    for (index, secret) in SECRETS.iter().enumerate() {
        std::fs::write(folder.file(&format!("secret{index}")), format!("{secret}\n")).unwrap();
    }
    let file = |index: usize| format!("${{file:{}}}", folder.file(&format!("secret{index}")));
    let mut text = "CREATE TABLE numbers (id BIGINT)
        WITH ('connector' = 'datagen', 'rows-per-second' = '5');\n"
        .to_owned();
    text += &format!(
        "CREATE TABLE read_too (id BIGINT) WITH ('connector' = 'kafka', 'topic' = 'in',
        'format' = 'avro-confluent', 'avro-confluent.url' = 'http://127.0.0.1:1',
        'avro-confluent.basic-auth.user-info' = 'me:{}',
        'properties.bootstrap.servers' = '127.0.0.1:1',
        'properties.ssl.key.password' = '${{KEY_SECRET}}',
        'properties.ssl.key.location' = '/nowhere.pem');\n",
        file(9)
    );
    text += "
      CREATE TABLE known (id BIGINT, PRIMARY KEY (id) NOT ENFORCED)
        WITH ('connector' = 'queryable', 'max-rows' = '10');
      INSERT INTO known SELECT id FROM numbers;\n";
    for (name, options) in sinks(file) {
        let key = if name == "stored" { ", PRIMARY KEY (id) NOT ENFORCED" } else { "" };
        let columns = format!("id BIGINT{}{key}", if name == "stored" { ", n BIGINT" } else { "" });
        text += &format!("CREATE TABLE {name} ({columns}) WITH ('connector' = {options});\n");
        let select = if name == "stored" {
            "SELECT id, id + 1 FROM numbers"
        } else {
            "SELECT id FROM numbers"
        };
        text += &format!("INSERT INTO {name} {select};\n");
    }
    text
}

#[test]
fn secrets_are_shown_nowhere() {
    let folder = Folder::new("secrets");
    let (job, broken, log) =
        (folder.file("job.sql"), folder.file("broken.sql"), folder.file("log"));
    let text = job_with_secrets(&folder);
    std::fs::write(&job, &text).unwrap();
    // Faults in every statement that holds a secret.
    let faulty = text.replace("'connector' = ", "'no-such-option' = '1', 'connector' = ");
    std::fs::write(&broken, faulty + "\nINSERT INTO nowhere SELECT id FROM read_too;").unwrap();
    let pelton = |args: &[&str]| {
        let mut command = pelton(args);
        command.env("KAFKA_SECRET", SECRETS[0]).env("KEY_SECRET", SECRETS[1]);
        command.env("RUST_LOG", "trace").current_dir(folder.file(""));
        command
    };
    let mut shown = String::new();
    for args in [["check", &job], ["explain", &job], ["check", &broken], ["run", &broken]] {
        let output = pelton(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.success(), args[1] == job, "{args:?} {output:?}");
        shown += &String::from_utf8(output.stdout).unwrap();
        shown += &String::from_utf8(output.stderr).unwrap();
    }
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = address.to_string();
    let mut command = pelton(&["run", &job, "--http", &address, "--state-dir", "state"]);
    let running = Job(command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap());
    for dead in ["hooked.dead", "robot.dead", "mailed.dead"] {
        wait_for(dead, || std::fs::read(folder.file(dead)).is_ok_and(|bytes| !bytes.is_empty()));
        shown += &std::fs::read_to_string(folder.file(dead)).unwrap();
    }
    wait_for("a sink that waits", || {
        let retries = "pelton_sink_retries_total{sink=\"stored\"} ";
        let text = get_text(&address, "/metrics").unwrap_or_default();
        text.lines().any(|line| line.strip_prefix(retries).is_some_and(|count| count != "0"))
    });
    for path in
        ["/metrics", "/ready", "/version", "/api/v1/tables", "/api/v1/metrics", "/api/v1/latency"]
    {
        shown += &get_text(&address, path).unwrap();
    }
    drop(running);
    shown += &std::fs::read_to_string(&log).unwrap();
    for entry in walk(&folder.file("state")) {
        shown += &String::from_utf8_lossy(&std::fs::read(entry).unwrap());
    }
    assert!(shown.contains("127.0.0.1:1") && shown.len() > 5_000, "{shown}");
    for secret in SECRETS {
        if let Some(at) = shown.find(secret) {
            panic!("{secret} is shown: …{}…", &shown[at.saturating_sub(300)..at + 30]);
        }
    }
}

fn walk(folder: &str) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(walk(&path.display().to_string())),
            false => files.push(path),
        }
    }
    files
}

#[test]
fn state_is_its_users_alone() {
    let folder = Folder::new("state_mode");
    let job = folder.file("job.sql");
    let text = "CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen');
        CREATE TABLE seen (id BIGINT, PRIMARY KEY (id) NOT ENFORCED)
          WITH ('connector' = 'queryable', 'max-rows' = '10');
        INSERT INTO seen SELECT id FROM numbers;";
    std::fs::write(&job, text).unwrap();
    let state = folder.file("deep/state");
    let _running =
        Job(pelton(&["run", &job, "--http", "off", "--state-dir", &state]).spawn().unwrap());
    wait_for("state", || {
        std::fs::read_dir(format!("{state}/job")).is_ok_and(|all| all.count() > 1)
    });
    for folder in [state.clone(), format!("{state}/job")] {
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}
