//! Scripts, and the commands that they are given.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::commands::Commands;
use super::connection::{Connection, Failure};

/// What the scripts answer: a word, and two numbers.
pub type Answer = (String, u64, u64);

pub struct Script {
    text: &'static str,
    sha1: String,
}

/// Commands, as a script takes them.
#[derive(Default)]
pub struct Chunk {
    keys: Strings,
    runs: Vec<Run>,
    arguments: Strings,
}

/// Commands of one name and with as many arguments, besides their keys.
struct Run {
    name: &'static str,
    commands: usize,
    width: usize,
}

/// Byte strings, one behind the other.
#[derive(Default)]
struct Strings {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Script {
    pub fn new(text: &'static str) -> Self {
        let digest = openssl::sha::sha1(text.as_bytes());
        Self { text, sha1: digest.iter().map(|byte| format!("{byte:02x}")).collect() }
    }

    /// A call, up to its keys.
    pub fn call(&self, keys: usize) -> redis::Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.sha1).arg(keys);
        command
    }

    /// Redis forgets scripts when it starts again, and at SCRIPT FLUSH.
    pub fn run(&self, call: &redis::Cmd, connection: &mut Connection) -> Result<Answer, Failure> {
        connection.until_taken(|connection| match call.query(connection) {
            Err(error) if is_unknown(&error) => {
                redis::cmd("SCRIPT").arg("LOAD").arg(self.text).exec(connection)?;
                call.query(connection)
            }
            answer => answer,
        })
    }
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

impl Commands for Chunk {
    fn add(&mut self, name: &'static str, keys: &[&[u8]], arguments: &[&[u8]]) {
        keys.iter().for_each(|key| self.keys.push(key));
        let width = arguments.len();
        match self.runs.last_mut() {
            Some(run) if run.name == name && run.width == width => run.commands += 1,
            _ => self.runs.push(Run { name, commands: 1, width }),
        }
        arguments.iter().for_each(|argument| self.arguments.push(argument));
    }
}

impl Chunk {
    pub fn clear(&mut self) {
        self.keys.clear();
        self.runs.clear();
        self.arguments.clear();
    }

    /// A call of a script that runs these commands: with keys and arguments of its own before theirs.
    pub fn call(&self, script: &Script, key: Option<&str>, own: &[&str]) -> redis::Cmd {
        let mut command = script.call(key.iter().count() + self.keys.ends.len());
        for key in key.iter().map(|key| key.as_bytes()).chain(self.keys.iter()) {
            command.arg(key);
        }
        for argument in own {
            command.arg(argument);
        }
        let mut arguments = self.arguments.iter();
        for run in &self.runs {
            command.arg(run.name).arg(run.commands).arg(run.width);
            for argument in arguments.by_ref().take(run.commands * run.width) {
                command.arg(argument);
            }
        }
        command
    }
}

impl Strings {
    fn push(&mut self, string: &[u8]) {
        self.bytes.extend_from_slice(string);
        self.ends.push(self.bytes.len());
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }
}
