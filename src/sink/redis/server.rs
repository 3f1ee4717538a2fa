//! Where a Redis is and who asks it, by a table's options. No error quotes the URL or a password.

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslConnector, SslConnectorBuilder};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::sink::options::option;
use crate::sink::receiver::connection::{connector, trust_the_system};
use crate::sql::plan::Table;

const PORT: u16 = 6379;
const FORM: &str = "'url' is not of the form redis://[user:password@]host[:port][/database], or \
                    rediss:// for TLS";

const CA: &str = "ssl.ca.location";
const CERTIFICATE: &str = "ssl.certificate.location";
const KEY: &str = "ssl.key.location";

pub struct Server {
    pub host: String,
    pub port: u16,
    pub database: i64,
    pub username: Option<String>,
    pub password: Option<String>,
    pub tls: Option<Tls>,
}

pub struct Tls {
    pub connector: SslConnector,
    /// Whom it trusts, for messages.
    pub trusted: &'static str,
}

impl Server {
    pub fn parse(table: &Table) -> Result<Self, String> {
        let text = option(table, "url").ok_or("option 'url' is missing")?;
        // What the parser says may quote the URL.
        let url = Url::parse(text).map_err(|_| FORM)?;
        let secure = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(FORM.to_owned()),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("{FORM}: nothing stands behind the database"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let database = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse::<u32>().map_err(|_| FORM)?,
        };
        Ok(Self {
            host: decoded(host),
            port: url.port().unwrap_or(PORT),
            database: database.into(),
            username: one(table, "username", url.username())?,
            password: one(table, "password", url.password().unwrap_or_default())?,
            tls: tls(table, secure)?,
        })
    }

    /// Host and port, for messages.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// An option that is not empty: a variable without a value means that there is none.
fn given<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    option(table, name).filter(|value| !value.is_empty())
}

/// User or password, from its own part of the URL or by an option.
fn one(table: &Table, name: &str, of_url: &str) -> Result<Option<String>, String> {
    match (given(table, name), of_url) {
        (Some(_), of_url) if !of_url.is_empty() => {
            Err(format!("'{name}' stands in 'url' too: leave one of them out"))
        }
        (Some(given), _) => Ok(Some(given.to_owned())),
        (None, "") => Ok(None),
        (None, of_url) => Ok(Some(decoded(of_url))),
    }
}

fn tls(table: &Table, by_url: bool) -> Result<Option<Tls>, String> {
    let wanted = match option(table, "tls") {
        None => by_url,
        Some("true") => true,
        Some("false") if !by_url => false,
        Some("false") => return Err("'tls' = 'false', but 'url' begins with rediss://".to_owned()),
        Some(other) => return Err(format!("'tls' = '{other}' is neither 'true' nor 'false'")),
    };
    if wanted {
        return secured(table).map(Some);
    }
    match [CA, CERTIFICATE, KEY].into_iter().find(|name| given(table, name).is_some()) {
        Some(name) => Err(format!("'{name}' is of TLS: begin 'url' with rediss://")),
        None => Ok(None),
    }
}

fn secured(table: &Table) -> Result<Tls, String> {
    let broken = |error: ErrorStack| format!("cannot set up TLS: {error}");
    let mut builder = connector().map_err(broken)?;
    let trusted = match given(table, CA) {
        Some(path) => {
            trust(&mut builder, &read(CA, path)?).map_err(|error| of_file(CA, path, &error))?;
            "'ssl.ca.location'"
        }
        None => {
            trust_the_system(&mut builder).map_err(broken)?;
            "what the system trusts (SSL_CERT_FILE), as there is no 'ssl.ca.location',"
        }
    };
    match (given(table, CERTIFICATE), given(table, KEY)) {
        (Some(certificate), Some(key)) => identify(&mut builder, certificate, key)?,
        (None, None) => {}
        (Some(_), None) => return Err(format!("'{CERTIFICATE}' needs '{KEY}'")),
        (None, Some(_)) => return Err(format!("'{KEY}' needs '{CERTIFICATE}'")),
    }
    Ok(Tls { connector: builder.build(), trusted })
}

fn read(option: &str, path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("'{option}': cannot read {path}: {error}"))
}

fn of_file(option: &str, path: &str, error: &ErrorStack) -> String {
    let reason = error.errors().first().and_then(|error| error.reason());
    let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
    format!("'{option}': {path} does not hold what it should, in PEM{reason}")
}

/// Trusts the certificates of a file, and nobody else.
fn trust(builder: &mut SslConnectorBuilder, pem: &[u8]) -> Result<(), ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    let first = X509::from_pem(pem)?;
    store.add_cert(first)?;
    for certificate in X509::stack_from_pem(pem)?.into_iter().skip(1) {
        store.add_cert(certificate)?;
    }
    builder.set_cert_store(store.build());
    Ok(())
}

/// Shows who we are to a server that asks for certificates.
fn identify(builder: &mut SslConnectorBuilder, certificate: &str, key: &str) -> Result<(), String> {
    let (chain, pem) = (read(CERTIFICATE, certificate)?, read(KEY, key)?);
    let show = |builder: &mut SslConnectorBuilder| {
        builder.set_certificate(X509::from_pem(&chain)?.as_ref())?;
        for other in X509::stack_from_pem(&chain)?.into_iter().skip(1) {
            builder.add_extra_chain_cert(other)?;
        }
        Ok(())
    };
    show(builder).map_err(|error| of_file(CERTIFICATE, certificate, &error))?;
    // Without a passphrase, which OpenSSL would ask for on the terminal.
    let private = PKey::private_key_from_pem_callback(&pem, |_| Ok(0));
    let private = private.map_err(|error| of_file(KEY, key, &error))?;
    let taken = builder.set_private_key(&private);
    taken.map_err(|_| format!("'{KEY}' is not the key of '{CERTIFICATE}'"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Server;
    use crate::record::{DataType, Field, Schema};
    use crate::sql::plan::Table;

    fn parse(options: &[(&str, &str)]) -> Result<Server, String> {
        let options = options.iter().map(|&(name, value)| (name.into(), value.into()));
        Server::parse(&Table {
            name: "t".into(),
            schema: Schema::new(vec![Field::new("a", DataType::BigInt)]),
            physical: vec![0],
            computed: vec![],
            metadata: vec![],
            watermark: None,
            primary_key: vec![],
            connector: "redis".into(),
            options: options.collect::<BTreeMap<_, _>>(),
        })
    }

    fn whole(url: &str) -> (String, i64, Option<String>, Option<String>, bool) {
        let server = parse(&[("url", url)]).unwrap();
        let address = server.address();
        (address, server.database, server.username, server.password, server.tls.is_some())
    }

    #[test]
    fn urls() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(whole("redis://h"), ("h:6379".into(), 0, None, None, false));
        assert_eq!(
            whole("rediss://me:s%2Fe%40@[::1]:6380/7"),
            ("[::1]:6380".into(), 7, some("me"), some("s/e@"), true)
        );
        assert_eq!(
            whole("redis://:pw@10.0.0.1/"),
            ("10.0.0.1:6379".into(), 0, None, some("pw"), false)
        );
        let server = parse(&[
            ("url", "redis://h"),
            ("username", "me"),
            ("password", "p@/#%41"),
            ("ssl.ca.location", ""),
            ("tls", "false"),
        ]);
        let server = server.unwrap();
        assert_eq!((server.username, server.password), (some("me"), some("p@/#%41")));
        assert!(parse(&[("url", "redis://h"), ("tls", "true")]).unwrap().tls.is_some());
    }

    #[test]
    fn faults_name_the_option_and_no_secret() {
        let bad = |url: &str, more: &[(&str, &str)], wanted: &str| {
            let error = parse(&[&[("url", url)], more].concat()).err().unwrap();
            assert!(error.contains(wanted) && !error.contains("secret"), "{error}");
        };
        for url in ["redis://u:secret@:x:y", "http://u:secret@h", "secret", "redis://u:secret@h/x"]
        {
            bad(url, &[], "'url' is not of the form");
        }
        bad("redis:///0", &[], "'url' is not of the form");
        bad("rediss://h/#insecure", &[], "nothing stands behind");
        bad("redis://:secret@h", &[("password", "secret")], "'password' stands in 'url' too");
        bad("rediss://h", &[("tls", "false")], "begins with rediss://");
        bad("redis://h", &[("tls", "yes")], "neither 'true' nor 'false'");
        bad("redis://h", &[("ssl.ca.location", "/ca.pem")], "begin 'url' with rediss://");
        bad("rediss://h", &[("ssl.ca.location", "/no/ca.pem")], "'ssl.ca.location': cannot read");
        bad("rediss://h", &[("ssl.ca.location", "/dev/null")], "does not hold what it should");
        bad("rediss://h", &[("ssl.key.location", "/k")], "needs 'ssl.certificate.location'");
    }
}
