//! The options of a mail server: where it is, how it is secured, who asks.

use std::net::IpAddr;

use url::{Host, Url};

use super::smtp::{Client, Credentials, Security};
use crate::sink::options::option;
use crate::sink::receiver::connection::{Route, Tls};
use crate::sink::receiver::{Setup, address, secret};
use crate::sql::plan::Table;

const FORMS: &str = "write smtp://HOST:PORT (secured by STARTTLS), smtps://HOST:PORT (by TLS from \
                     the start) or smtp+plain://HOST:PORT (not at all)";

enum Form {
    StartTls,
    Tls,
    Plain,
}

/// A server as the options name it.
pub struct Server {
    pub url: Url,
    host: Host<String>,
    port: u16,
    form: Form,
    credentials: Option<Credentials>,
}

impl Server {
    pub fn parse(table: &Table, setup: &Setup) -> Result<Self, String> {
        let text = option(table, "smtp").unwrap_or_default();
        let (url, host) = address_of(text).map_err(|error| format!("'smtp': {error}"))?;
        let (form, port) = match url.scheme() {
            "smtp" => (Form::StartTls, 587),
            "smtps" => (Form::Tls, 465),
            "smtp+plain" => (Form::Plain, 25),
            _ => return Err(format!("'smtp': {FORMS}")),
        };
        let port = url.port().unwrap_or(port);
        if let Some(reason) = address::host_refusal(&host, setup.allow_private) {
            return Err(format!("'smtp': {reason}"));
        }
        let credentials = credentials(table)?;
        if credentials.is_some() && matches!(form, Form::Plain) && !is_loopback(&host) {
            let mend = "write smtp:// or smtps://";
            return Err(format!("'password' would go to another machine in the open: {mend}"));
        }
        Ok(Self { url, host, port, form, credentials })
    }

    pub fn client(&self, setup: &Setup) -> Result<Client, String> {
        let security = match self.form {
            Form::StartTls => Security::StartTls(Tls::new()?),
            Form::Tls => Security::FromTheStart(Tls::new()?),
            Form::Plain => Security::None,
        };
        let (host, port) = (self.host.clone(), self.port);
        let route = Route { host, port, allow_private: setup.allow_private };
        Client::new(route, security, self.credentials.clone(), setup.timeout)
    }
}

/// A URL that names a server and nothing else. No error quotes it: it may hold a password.
fn address_of(text: &str) -> Result<(Url, Host<String>), String> {
    let url = Url::parse(text).map_err(|error| format!("{error}: {FORMS}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password: use 'username' and 'password'".to_owned());
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("has more than a host and a port: {FORMS}"));
    }
    // Schemes that are not the web's leave the host as it is written.
    let host = Host::parse(url.host_str().unwrap_or_default());
    Ok((url, host.map_err(|error| format!("{error}: {FORMS}"))?))
}

fn credentials(table: &Table) -> Result<Option<Credentials>, String> {
    match (secret(table, "username"), secret(table, "password")) {
        (None, None) => Ok(None),
        (Some(_), None) => Err("'username' needs 'password' too".to_owned()),
        (None, Some(_)) => Err("'password' needs 'username' too".to_owned()),
        (Some(user), Some(password)) if !user.contains('\0') && !password.contains('\0') => {
            Ok(Some(Credentials { user, password }))
        }
        _ => Err("'username' or 'password' holds a NUL, which SMTP cannot carry".to_owned()),
    }
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(v4) => IpAddr::from(*v4).is_loopback(),
        Host::Ipv6(v6) => IpAddr::from(*v6).is_loopback(),
    }
}
