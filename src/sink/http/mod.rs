//! What the sinks that speak HTTP to a receiver of messages share: the client, its URL, signatures.

pub mod client;
pub mod signature;

use std::time::Duration;

use url::Url;

use super::receiver::{Defaults, address};

/// Those of `webhook`.
pub const DEFAULTS: Defaults = Defaults {
    timeout: Duration::from_secs(10),
    attempts: 8,
    first_pause: Duration::from_millis(500),
    rate: None,
    // What this machine can reach is often open to whoever can.
    allow_private: false,
};

/// The option `url`. No error quotes it: it may hold a password.
pub fn receiver(text: &str, allow_private: bool) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("'url' is not of the form https://host/path: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("'url': only http and https are spoken".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("'url' holds a user or a password: use 'headers.Authorization'".to_owned());
    }
    let host = url.host().map(|host| host.to_owned());
    match host.and_then(|host| address::host_refusal(&host, allow_private)) {
        Some(reason) => Err(format!("'url': {reason}")),
        None => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::receiver;

    #[test]
    fn urls_that_are_refused_and_never_shown() {
        let fault = |url: &str, private: bool| receiver(url, private).err();
        let refused = [
            ("http://169.254.169.254/latest?k=hush", "metadata"),
            ("http://[fe80::1]/?k=hush", "link-local"),
            ("http://[::ffff:a9fe:a9fe]/?k=hush", "metadata"),
            ("http://0xa9fea9fe/?k=hush", "metadata"),
            ("ftp://host/?k=hush", "only http and https"),
            ("file:///hush", "only http and https"),
            ("https://user:hush@host/", "headers.Authorization"),
            ("hush", "not of the form"),
            ("", "not of the form"),
        ];
        for (url, wanted) in refused {
            let error = fault(url, true).unwrap();
            assert!(error.contains(wanted) && !error.contains("hush"), "{url}: {error}");
        }
        for url in ["http://127.0.0.1:8080/", "https://[::1]/", "http://10.0.0.1/"] {
            assert_eq!(fault(url, true), None, "{url}");
            assert!(fault(url, false).unwrap().contains("allow-private"), "{url}");
        }
        assert_eq!(fault("https://oapi.dingtalk.com/robot/send?access_token=x", false), None);
    }
}
