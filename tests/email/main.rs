//! The sink `email`: jobs run by the binary itself, against mail servers on the loopback address
//! that are started here.

#[path = "../common/mod.rs"]
mod common;
mod receiver;
mod shipped;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Job, certificate, wait_for};
use openssl::ssl::{SslAcceptor, SslMethod};
use receiver::{Act, Mail, Offers, Server};
use serde_json::{Value, json};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(rows: &[Value]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        std::fs::write(folder.path("in"), lines).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn job(&self, sinks: &str) -> PathBuf {
        let columns = "id BIGINT, severity STRING, message STRING";
        let text = format!(
            "CREATE TABLE alerts ({columns})
             WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json');\n{sinks}",
            self.path("in").display()
        );
        let job = self.path("job.sql");
        std::fs::write(&job, text.replace("COLUMNS", columns)).unwrap();
        job
    }

    fn start(&self, sinks: &str, variables: &[(&str, &Path)]) -> Job {
        let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
        pelton.arg("run").arg(self.job(sinks)).args(["--http", "off", "--shards", "1"]);
        pelton.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
        pelton.stderr(std::fs::File::create(self.path("stderr")).unwrap());
        Job(pelton.spawn().unwrap())
    }

    /// Runs to the end of the input, and gives what was logged.
    fn run_with(&self, sinks: &str, variables: &[(&str, &Path)]) -> String {
        let mut job = self.start(sinks, variables);
        wait_for("the end of the job", || job.0.try_wait().unwrap().is_some());
        let log = std::fs::read_to_string(self.path("stderr")).unwrap();
        assert!(job.0.wait().unwrap().success(), "{log}");
        log
    }

    fn run(&self, sinks: &str) -> String {
        self.run_with(sinks, &[])
    }

    /// What `pelton check` finds.
    fn faults(&self, sinks: &str) -> String {
        let mut pelton = Command::new(env!("CARGO_BIN_EXE_pelton"));
        let output = pelton.arg("check").arg(self.job(sinks)).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    }

    /// The ids of the dead letters' rows, with their reasons.
    fn dead(&self) -> Vec<(i64, String)> {
        let text = std::fs::read_to_string(self.path("dead")).unwrap_or_default();
        let of = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            (line["row"]["id"].as_i64().unwrap(), line["reason"].as_str().unwrap().to_owned())
        };
        text.lines().map(of).collect()
    }

    fn sink(&self, smtp: &str, more: &str) -> String {
        let to = match more.contains("'to'") {
            true => "",
            false => "'to' = 'ops@example.com', ",
        };
        format!(
            "CREATE TABLE receiver (COLUMNS) WITH ('connector' = 'email', 'smtp' = '{smtp}',
               'from' = 'pelton <pelton@example.com>', {to} 'subject' = '{{id}} {{severity}}',
               'body' = '{{message}}', 'idempotency-key' = 'id', 'retry.backoff' = '20ms',
               'dead-letter.path' = '{}' {more});
             INSERT INTO receiver SELECT * FROM alerts;\n",
            self.path("dead").display()
        )
    }
}

/// So many that no rate holds anything back.
const AT_ONCE: &str = ", 'rate-limit' = '1000/1s'";

fn alert(id: i64, message: &str) -> Value {
    json!({ "id": id, "severity": "error", "message": message })
}

fn text(id: i64) -> String {
    format!("用户user_{id}连续3次执行click操作")
}

fn alerts(count: i64) -> Vec<Value> {
    (1..=count).map(|id| alert(id, &text(id))).collect()
}

fn subjects(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|mail| mail.header("Subject")).collect()
}

/// Whether each alert has come once and by itself.
fn assert_each_once(mails: &[Mail], count: i64) {
    let wanted: Vec<String> = (1..=count).map(|id| format!("{id} error")).collect();
    assert_eq!(subjects(mails), wanted);
    for (mail, id) in mails.iter().zip(1..) {
        assert_eq!(mail.text(), text(id));
    }
}

#[test]
fn each_row_is_an_email() {
    let server = Server::good();
    let folder = Folder::new(&alerts(3));
    let to = ", 'to' = 'ops@example.com, \"值班, night\" <night@example.com>'";
    let sink = folder.sink(&server.plain(), &format!("{AT_ONCE}{to}"));
    folder.run(&sink);
    let mails = server.mails();
    assert_each_once(&mails, 3);
    for mail in &mails {
        assert_eq!(mail.from, "pelton@example.com");
        assert_eq!(mail.to, ["ops@example.com", "night@example.com"]);
        assert_eq!(mail.header("From"), "pelton <pelton@example.com>");
        assert!(mail.header("To").contains("值班, night"), "{}", mail.header("To"));
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert!(mail.header("Date").ends_with(" +0000"), "{}", mail.header("Date"));
    }
    // The same row has the same id when it is sent again, and no other row has it.
    folder.run(&sink);
    let ids = |mails: &[Mail]| -> Vec<String> {
        mails.iter().map(|mail| mail.header("Message-ID")).collect()
    };
    let (first, again) = (ids(&mails), ids(&server.mails()[3..]));
    assert_eq!(first, again);
    assert!(first[0] != first[1] && first[1] != first[2], "{first:?}");
    assert!(first[0].ends_with("@example.com>"), "{first:?}");
}

#[test]
fn no_value_leaves_its_place() {
    let long = "é".repeat(4_000);
    let hostile = format!(
        "a\r\nBcc: evil@example.com\r\n\r\n.\r\n..\nQUIT\r\n.hidden \t\r\n=3D =\r\u{0}{{id}}\n{long}"
    );
    let server = Server::good();
    let folder = Folder::new(&[alert(1, &hostile), alert(2, ".")]);
    let subject = ", 'rate-limit' = '1000/1s'";
    let sink = folder.sink(&server.plain(), subject).replace("{id} {severity}", "{id} {message}");
    folder.run(&sink);
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "{:?}", server.seen().lines);
    // Line ends of mails are CR and LF; all else is as it was.
    assert_eq!(mails[0].text(), hostile.replace("\r\n", "\n").replace('\n', "\r\n"));
    assert_eq!(mails[1].text(), ".");
    let subject = mails[0].header("Subject");
    assert!(subject.starts_with("1 a Bcc: evil@example.com  . .. QUIT .hidden"), "{subject}");
    assert!(subject.ends_with("é…") && subject.len() <= 203, "{subject}");
    let headers: Vec<String> = mails[0].headers().into_iter().map(|(name, _)| name).collect();
    let known = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type"];
    for header in &headers {
        let mime = ["Content-Transfer-Encoding", "MIME-Version"].contains(&&**header);
        assert!(mime || known.contains(&&**header), "{header}");
    }
    assert_eq!(headers.len(), known.len() + 2, "{headers:?}");
    assert_eq!(mails[0].to, ["ops@example.com"]);
    assert!(server.seen().lines.iter().all(|line| !line.contains("evil")));
}

#[test]
fn what_passes_is_tried_again() {
    let server = Server::scripted(|nth, line| match (nth, line) {
        (0, "CONNECT") => Some(Act::Say("421 4.3.2 come back later")),
        (1, "RCPT TO:<ops@example.com>") => Some(Act::Say("450 4.2.0 greylisted")),
        (2, "BODY") => Some(Act::Close),
        (3, "END") => Some(Act::Say("451 4.3.0 no room")),
        (4, "MAIL FROM:<pelton@example.com>") => Some(Act::Say("421 4.3.2 closing")),
        (5, "CONNECT") => Some(Act::Close),
        (6, _) => Some(Act::Rest(Duration::from_millis(50))),
        _ => None,
    });
    let folder = Folder::new(&alerts(3));
    folder.run(&folder.sink(&server.plain(), AT_ONCE));
    assert_each_once(&server.mails(), 3);
    assert_eq!((server.seen().connections, folder.dead()), (9, vec![]));
}

/// The server has kept it and cannot say so: this is what "at least once" is about.
#[test]
fn a_lost_answer_repeats_the_message_under_its_id() {
    let server = Server::scripted(|nth, line| (nth == 0 && line == "KEPT").then_some(Act::Close));
    let folder = Folder::new(&alerts(2));
    folder.run(&folder.sink(&server.plain(), AT_ONCE));
    let mails = server.mails();
    assert_eq!(subjects(&mails), ["1 error", "1 error", "2 error"]);
    assert_eq!(mails[0].data, mails[1].data);
}

#[test]
fn what_will_not_pass_is_a_dead_letter_and_the_next_row_goes_on() {
    let server = Server::scripted(|nth, line| match (nth, line) {
        (0, "RCPT TO:<ops@example.com>") => {
            Some(Act::Say("550-5.1.1 no such\r\n550 5.1.1 user\u{7} here"))
        }
        (1, "END") => Some(Act::Say("554 5.7.1 spam")),
        (3.., "MAIL FROM:<pelton@example.com>") => Some(Act::Say("450 4.7.1 too much")),
        _ => None,
    });
    let folder = Folder::new(&alerts(4));
    let log = folder
        .run(&folder.sink(&server.plain(), ", 'retry.attempts' = '3', 'rate-limit' = '1000/1s'"));
    assert_eq!(subjects(&server.mails()), ["3 error"]);
    let wanted = [
        (1, "to ops@example.com: answered 550 5.1.1 no such 5.1.1 user\\u{7} here"),
        (2, "answered 554 5.7.1 spam"),
        (4, "answered 450 4.7.1 too much; tried 3 times"),
    ];
    assert_eq!(folder.dead(), wanted.map(|(id, reason)| (id, reason.to_owned())));
    assert_eq!(server.seen().connections, 6);
    // Once a minute, not once a row.
    assert_eq!(log.matches("could not be delivered").count(), 1, "{log}");
}

#[test]
fn who_has_it_is_not_sent_it_again() {
    let server = Server::scripted(|nth, line| match (nth, line) {
        (_, "RCPT TO:<gone@example.com>") => Some(Act::Say("550 5.1.1 gone")),
        (0 | 1, "RCPT TO:<slow@example.com>") => Some(Act::Say("450 4.2.0 greylisted")),
        _ => None,
    });
    let folder = Folder::new(&alerts(1));
    let to = "'to' = 'gone@example.com,ops@example.com,slow@example.com'";
    folder.run(&folder.sink(&server.plain(), &format!("{AT_ONCE}, {to}")));
    let to: Vec<Vec<String>> = server.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, [["ops@example.com"], ["slow@example.com"]]);
    let wanted = (1, "to gone@example.com: answered 550 5.1.1 gone".to_owned());
    assert_eq!(folder.dead(), [wanted]);
}

#[test]
fn what_the_rate_holds_back_is_a_digest() {
    let server = Server::good();
    let folder = Folder::new(&alerts(15));
    let sink = folder.sink(&server.plain(), ", 'rate-limit' = '2/3s'");
    let started = Instant::now();
    folder.run(&sink);
    let mails = server.mails();
    assert_eq!(subjects(&mails), ["1 error", "14 × receiver"]);
    let listed: String = (2..=15).map(|id| format!("- {id} error\r\n")).collect();
    assert_eq!(format!("{}\r\n", mails[1].text()), listed);
    // 2 in any three seconds, half of them at once. Counted from the start of the job: how long the
    // first was under way is not known here.
    let pause = mails[1].at - started;
    assert!(pause >= Duration::from_secs(3), "{pause:?}");
    folder.run(&sink);
    assert_eq!(server.mails()[3].header("Message-ID"), mails[1].header("Message-ID"));
}

#[test]
fn a_refused_digest_leaves_all_its_rows() {
    let server =
        Server::scripted(|nth, line| (nth == 1 && line == "END").then_some(Act::Say("550 no")));
    let folder = Folder::new(&alerts(4));
    folder.run(&folder.sink(&server.plain(), ", 'rate-limit' = '2/3s'"));
    let wanted = [2, 3, 4].map(|id| (id, "answered 550 no".to_owned()));
    assert_eq!((subjects(&server.mails()), folder.dead()), (vec!["1 error".into()], wanted.into()));
}

#[test]
fn a_server_that_says_nothing_or_no_smtp_is_given_up() {
    let odd = |script: fn(&str) -> Option<Act>, wanted: &str| {
        let server = Server::scripted(move |_, line| script(line));
        let folder = Folder::new(&alerts(1));
        let options = ", 'timeout' = '200ms', 'retry.attempts' = '2'";
        folder.run(&folder.sink(&server.plain(), options));
        assert_eq!(folder.dead(), [(1, format!("{wanted}; tried 2 times"))]);
        assert!(server.mails().is_empty());
    };
    let silent = |line: &str| (line == "DATA").then_some(Act::Rest(Duration::from_millis(400)));
    odd(silent, "no answer within 200ms");
    let web = |line: &str| (line == "CONNECT").then_some(Act::Say("HTTP/1.1 400 Bad Request"));
    odd(web, "what answers there is not SMTP");
}

#[test]
fn a_dead_server_holds_no_other_sink_back() {
    let folder = Folder::new(&alerts(2));
    let good = Server::good();
    let held = Arc::new(AtomicBool::new(true));
    let shared = held.clone();
    let dead = Server::scripted(move |_, _| {
        while shared.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Act::Close)
    });
    let copy = folder.path("copy");
    let tables = format!(
        "CREATE TABLE copy (COLUMNS) WITH ('connector' = 'filesystem', 'path' = '{}');
         CREATE TABLE good (COLUMNS) WITH ('connector' = 'email', 'smtp' = '{}',
           'from' = 'pelton@example.com', 'to' = 'ops@example.com', 'subject' = '{{id}} error',
           'body' = '{{message}}' {AT_ONCE});
         CREATE TABLE dead (COLUMNS) WITH ('connector' = 'email', 'smtp' = '{}',
           'from' = 'pelton@example.com', 'to' = 'ops@example.com', 'retry.attempts' = '3',
           'retry.backoff' = '50ms', 'timeout' = '10min', 'dead-letter.path' = '{}');",
        copy.display(),
        good.plain(),
        dead.plain(),
        folder.path("dead").display()
    );
    let inserts =
        ["copy", "good", "dead"].map(|to| format!("INSERT INTO {to} SELECT * FROM alerts;\n"));
    let set = format!("{tables} EXECUTE STATEMENT SET BEGIN {} END;", inserts.concat());
    let mut job = folder.start(&set, &[]);
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().count();
    wait_for("the other sinks", || lines(&copy) == 2 && good.mails().len() == 2);
    // They have all their rows while the first row is still tried here.
    assert!(folder.dead().is_empty() && job.0.try_wait().unwrap().is_none());
    assert_each_once(&good.mails(), 2);
    held.store(false, Ordering::SeqCst);
    wait_for("the end of the job", || job.0.try_wait().unwrap().is_some());
    let dead = folder.dead();
    assert_eq!(dead.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2]);
    assert!(dead[0].1.contains("tried 3 times"), "{dead:?}");
}

/// A server's certificate and the file that makes it trusted.
fn tls(folder: &Folder) -> (SslAcceptor, PathBuf) {
    let (certificate, key) = certificate();
    let trusted = folder.path("ca.pem");
    std::fs::write(&trusted, certificate.to_pem().unwrap()).unwrap();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    (acceptor.build(), trusted)
}

const LOGIN: &str = ", 'rate-limit' = '1000/1s', 'retry.attempts' = '1', 'username' = 'pelton',
    'password' = 'hush用'";

#[test]
fn credentials_go_by_tls_to_whom_it_trusts() {
    for (scheme, start_tls, auth) in
        [("smtp", true, "PLAIN LOGIN"), ("smtps", false, "XOAUTH2 PLAIN"), ("smtp", true, "LOGIN")]
    {
        let folder = Folder::new(&alerts(2));
        let (acceptor, trusted) = tls(&folder);
        let offers = Offers { start_tls, tls: Some(acceptor), auth };
        let server = Server::start(offers, Box::new(|_, _| None));
        let run = |host: &str, variables: &[(&str, &Path)]| {
            let sink = folder.sink(&format!("{scheme}://{host}:{}", server.port), LOGIN);
            folder.run_with(&sink, variables)
        };
        // Of a host that it does not name, or of nobody who is trusted.
        let mut log = run("127.0.0.1", &[("SSL_CERT_FILE", &trusted)]);
        log.push_str(&run("localhost", &[]));
        let dead = folder.dead();
        assert_eq!(dead.len(), 4);
        let refused = |reason: &str| reason.contains("does not hold: ");
        assert!(dead.iter().all(|(_, reason)| refused(reason)), "{dead:?}");
        let early = |line: &String| !line.starts_with("EHLO") && line != "STARTTLS";
        assert!(!server.seen().lines.iter().any(early), "{:?}", server.seen().lines);

        log.push_str(&run("localhost", &[("SSL_CERT_FILE", &trusted)]));
        let mails = server.mails();
        assert_each_once(&mails, 2);
        let login = Some(("pelton".to_owned(), "hush用".to_owned()));
        assert!(mails.iter().all(|mail| mail.secured && mail.login == login));
        assert_eq!(folder.dead().len(), 4);
        assert!(!log.contains("hush"), "{log}");
    }
}

#[test]
fn nothing_goes_in_the_open_where_tls_is_taken_away() {
    let told = |start_tls: bool, script: fn(&str) -> Option<Act>| {
        let folder = Folder::new(&alerts(1));
        let (acceptor, trusted) = tls(&folder);
        let offers = Offers { start_tls, tls: start_tls.then_some(acceptor), auth: "PLAIN" };
        let server = Server::start(offers, Box::new(move |_, line| script(line)));
        let sink = folder.sink(&format!("smtp://localhost:{}", server.port), LOGIN);
        folder.run_with(&sink, &[("SSL_CERT_FILE", &trusted)]);
        let lines = server.seen().lines.clone();
        let verbs: Vec<&str> = lines.iter().map(|line| &line[..4]).collect();
        assert!(verbs.iter().all(|verb| ["EHLO", "STAR"].contains(verb)), "{lines:?}");
        folder.dead()[0].1.clone()
    };
    assert!(told(false, |_| None).contains("offers no STARTTLS"));
    // Words that a stranger adds in the open, to be taken for the server's own.
    let injected = |line: &str| {
        (line == "STARTTLS").then_some(Act::Say("220 go on\r\n250-mail.test\r\n250 AUTH PLAIN"))
    };
    assert!(told(true, injected).contains("before STARTTLS"));
}

#[test]
fn a_server_that_repeats_the_password_shows_it_to_nobody() {
    let script = |_, line: &str| {
        line.starts_with("AUTH").then_some(Act::Say("535 wrong: AHBlbHRvbgBodXNo, hush aHVzaA=="))
    };
    let offers = Offers { auth: "PLAIN", ..Offers::default() };
    let server = Server::start(offers, Box::new(script));
    let folder = Folder::new(&alerts(1));
    let login = LOGIN.replace('用', "");
    let log = folder.run(&folder.sink(&server.plain(), &login));
    assert_eq!(folder.dead(), [(1, "answered 535 wrong: ***, *** ***".to_owned())]);
    assert!(!log.contains("hush") && !log.contains("aHVzaA"), "{log}");
}

#[test]
fn a_name_that_leads_to_a_private_address_is_not_asked() {
    let server = Server::good();
    let folder = Folder::new(&alerts(1));
    let url = format!("smtp+plain://localhost:{}", server.port);
    folder.run(&folder.sink(&url, ", 'allow-private' = 'false'"));
    assert_eq!(server.seen().connections, 0);
    assert!(
        folder.dead()[0].1.contains("'allow-private' = 'true' would allow it"),
        "{:?}",
        folder.dead()
    );
}

#[test]
fn check_finds_what_cannot_be() {
    let folder = Folder::new(&[]);
    let login = ", 'username' = 'pelton', 'password' = 'hush'";
    let table = [
        ("mail.example.com:25", "", "'smtp'"),
        ("http://mail.example.com", "", "'smtp': write smtp://"),
        ("smtp://", "", "'smtp'"),
        ("smtp://mail.example.com/inbox", "", "'smtp': has more"),
        ("smtp://u:hush@mail.example.com", "", "use 'username' and 'password'"),
        ("smtp://169.254.169.254", "", "'smtp': 169.254.169.254 is a link-local"),
        ("smtp+plain://mail.example.com", login, "'password' would go"),
        ("smtp://host", ", 'password' = 'hush'", "'password' needs 'username'"),
        ("smtp://host", ", 'username' = 'hush'", "'username' needs 'password'"),
        ("smtp://host", ", 'to' = 'ops'", "'to': 'ops' is not an address"),
        ("smtp://host", ", 'to' = 'a@x.org; b@y.org'", "'to': 'a@x.org; b@y.org' is not"),
        ("smtp://host", ", 'to' = ''", "'to'"),
        ("smtp://host", ", 'rate-limit' = 'x'", "'rate-limit': 'x' is not a rate"),
        ("smtp://host", ", 'bodi' = 'x'", "did you mean 'body'?"),
        ("smtp://host", ", 'scan.order' = 'arrival'", "no option 'scan.order'"),
    ];
    for (url, more, wanted) in table {
        let found = folder.faults(&folder.sink(url, more));
        assert!(found.contains(wanted) && !found.contains("hush"), "{url} {more}: {found}");
    }
    let replaced = [
        ("'body' = '{message}'", "'body' = '{mesage}'", "'body': the table has no column 'mesage'"),
        ("{severity}'", "{sverity}'", "'subject': the table has no column 'sverity'"),
        ("-key' = 'id'", "-key' = 'no'", "'idempotency-key': the table has no column 'no'"),
        ("<pelton@example.com>", "", "'from': 'pelton' is not an address"),
        ("<pelton@example.com>", "<a@x.org>, b@y.org", "'from' names more than one"),
        ("'from'", "'form'", "needs the option 'from'"),
    ];
    for (from, to, wanted) in replaced {
        let sink = folder.sink("smtp://host", "");
        assert!(sink.contains(from), "{from}");
        let found = folder.faults(&sink.replace(from, to));
        assert!(found.contains(wanted), "{to}: {found}");
    }
    assert!(folder.faults(&folder.sink("smtps://host", login)).starts_with("no errors"));
}
