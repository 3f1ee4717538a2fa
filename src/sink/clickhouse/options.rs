//! The options of a `clickhouse` table. No error quotes the URL or the password.

use std::time::Duration;

use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use super::types::wanted;
use crate::sink::options::{duration, option, parse_size};
use crate::sql::plan::Table;

const TIMEOUT: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(1);
const ROWS: usize = 100_000;
/// ClickHouse cuts an insert of more rows (`max_insert_block_size`) into several blocks, each of
/// which is there or not by itself.
const ROWS_MAX: usize = 1_000_000;
const BYTES: usize = 16 << 20;
/// The same in bytes (`min_insert_block_size_bytes`).
const BYTES_MAX: usize = 256 << 20;

#[derive(Debug)]
pub struct Options {
    /// Without user and password.
    pub url: Url,
    pub user: Option<HeaderValue>,
    pub password: Option<HeaderValue>,
    pub database: String,
    pub table: String,
    pub max_rows: usize,
    pub max_bytes: usize,
    pub interval: Duration,
    pub timeout: Duration,
}

impl Options {
    pub fn parse(table: &Table) -> Result<Self, String> {
        refuse_keys(table)?;
        refuse_types(table)?;
        let (url, user, password) = server(table)?;
        let name = |option_name: &str, default: &str| match option(table, option_name) {
            Some("") => Err(format!("'{option_name}' must not be empty")),
            name => Ok(name.unwrap_or(default).to_owned()),
        };
        Ok(Self {
            url,
            user,
            password,
            database: name("database", "default")?,
            table: name("table", "")?,
            max_rows: max_rows(table)?,
            max_bytes: max_bytes(table)?,
            interval: duration(table, "sink.buffer-flush.interval", INTERVAL)?,
            timeout: duration(table, "timeout", TIMEOUT)?,
        })
    }
}

fn refuse_keys(table: &Table) -> Result<(), String> {
    match table.primary_key.is_empty() {
        true => Ok(()),
        false => Err("a clickhouse table only ever gets new rows, so PRIMARY KEY means nothing: \
                      leave it out, and let ClickHouse keep the newest row of a key by ENGINE = \
                      ReplacingMergeTree(version)"
            .to_owned()),
    }
}

fn refuse_types(table: &Table) -> Result<(), String> {
    let fields = table.physical.iter().map(|&column| &table.schema.fields[column]);
    let strange = fields.into_iter().find(|field| wanted(&field.data_type, false).is_empty());
    match strange {
        None => Ok(()),
        Some(field) => Err(format!(
            "column '{}': ClickHouse has no column for {}: declare it as STRING and CAST it",
            field.name, field.data_type
        )),
    }
}

/// The URL, user and password: these from its own part of the URL or by options.
fn server(table: &Table) -> Result<(Url, Option<HeaderValue>, Option<HeaderValue>), String> {
    let mut url = Url::parse(option(table, "url").unwrap_or_default())
        .map_err(|error| format!("'url' is not of the form http://host:8123: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("'url': ClickHouse is spoken to by http or https".to_owned());
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let of_url = |text: &str| Some(decoded(text)).filter(|text| !text.is_empty());
    let user = of_url(url.username());
    let password = url.password().and_then(of_url);
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err("'url' has no host".to_owned());
    }
    let one = |name: &str, of_url: Option<String>| {
        let given = option(table, name).filter(|value| !value.is_empty()).map(str::to_owned);
        if given.is_some() && of_url.is_some() {
            return Err(format!("'{name}' stands in 'url' too: leave one of them out"));
        }
        let header = |text: String| {
            let mut value = HeaderValue::from_bytes(text.as_bytes())
                .map_err(|_| format!("'{name}' holds what a header cannot"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        given.or(of_url).map(header).transpose()
    };
    let (user, password) = (one("username", user)?, one("password", password)?);
    Ok((url, user, password))
}

fn max_rows(table: &Table) -> Result<usize, String> {
    const NAME: &str = "sink.buffer-flush.max-rows";
    let Some(text) = option(table, NAME) else { return Ok(ROWS) };
    match text.parse() {
        Ok(rows @ 1..=ROWS_MAX) => Ok(rows),
        _ => Err(format!("'{NAME}' = '{text}': a number from 1 to {ROWS_MAX}")),
    }
}

fn max_bytes(table: &Table) -> Result<usize, String> {
    const NAME: &str = "sink.buffer-flush.max-bytes";
    let Some(text) = option(table, NAME) else { return Ok(BYTES) };
    let bytes = parse_size(text).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|bytes| (1..=BYTES_MAX).contains(bytes)).ok_or_else(|| {
        format!("'{NAME}' = '{text}': a size like '512 kb' or '16 mb', at most '256 mb'")
    })
}

#[cfg(test)]
mod tests {
    use super::Options;
    use crate::record::{DataType, Field, Schema};
    use crate::sql::plan::Table;

    fn table(data_type: DataType, options: &[(&str, &str)]) -> Table {
        let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
        Table {
            name: "events".into(),
            schema: Schema::new(vec![Field::new("a", data_type)]),
            physical: vec![0],
            computed: vec![],
            metadata: vec![],
            watermark: None,
            primary_key: vec![],
            connector: "clickhouse".into(),
            options: options.collect(),
        }
    }

    fn parse(more: &[(&str, &str)]) -> Result<Options, String> {
        let given = [("url", "http://ch:8123"), ("table", "t")];
        let named = |&&(name, _): &&(&str, &str)| !more.iter().any(|(other, _)| *other == name);
        let options: Vec<_> = given.iter().filter(named).chain(more).copied().collect();
        Options::parse(&table(DataType::BigInt, &options))
    }

    #[test]
    fn defaults_and_sizes() {
        let options = parse(&[]).unwrap();
        assert_eq!((&*options.database, &*options.table), ("default", "t"));
        assert_eq!((options.max_rows, options.max_bytes), (100_000, 16 << 20));
        let size = |text| parse(&[("sink.buffer-flush.max-bytes", text)]).map(|it| it.max_bytes);
        assert_eq!(size("512 kb"), Ok(512 << 10));
        assert_eq!(size("2MB"), Ok(2 << 20));
        assert_eq!(size("77"), Ok(77));
        for bad in ["", "mb", "1 gb", "0", "257mb", "-1", "1.5mb", "99999999999999999999"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn user_and_password_of_the_url_or_by_options() {
        let text = |value: Option<hyper::header::HeaderValue>| {
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let options = parse(&[("url", "https://me:s%2Fe@ch/?insert_quorum=2")]).unwrap();
        assert_eq!(options.url.as_str(), "https://ch/?insert_quorum=2");
        assert_eq!(text(options.user).as_deref(), Some("me"));
        assert_eq!(text(options.password).as_deref(), Some("s/e"));
        let options = parse(&[("username", "me"), ("password", "")]).unwrap();
        assert_eq!((text(options.user).as_deref(), options.password), (Some("me"), None));
    }

    #[test]
    fn faults_name_the_option_and_no_secret() {
        let bad = |more: &[(&str, &str)], wanted: &str| {
            let error = parse(more).unwrap_err();
            assert!(error.contains(wanted) && !error.contains("secret"), "{error}");
        };
        bad(&[("url", "http://me:secret@:8123")], "'url' is not of the form");
        bad(&[("url", "tcp://me:secret@ch:9000")], "by http or https");
        bad(&[("url", "http://:secret@ch"), ("password", "secret")], "'password' stands in 'url'");
        bad(&[("password", "secret\n")], "'password' holds what a header cannot");
        bad(&[("table", "")], "'table' must not be empty");
        bad(&[("sink.buffer-flush.max-rows", "0")], "a number from 1 to 1000000");
        bad(&[("sink.buffer-flush.interval", "soon")], "'sink.buffer-flush.interval'");
        let options = [("url", "http://ch"), ("table", "t")];
        let error = Options::parse(&table(DataType::Time, &options)).unwrap_err();
        assert!(error.contains("column 'a': ClickHouse has no column for TIME"), "{error}");
        let keyed = Table { primary_key: vec![0], ..table(DataType::Int, &options) };
        assert!(Options::parse(&keyed).unwrap_err().contains("ReplacingMergeTree"));
    }
}
