//! Who may ask, and over what: the bearer token and TLS.

use std::path::Path;

use hyper::header::{AUTHORIZATION, HeaderMap};
use openssl::pkey::PKey;
use openssl::sha::sha256;
use openssl::ssl::{SslAcceptor, SslMethod};

/// Fewer characters can be guessed over a network.
const TOKEN_LEAST: usize = 16;

/// Where the API listens, who may ask it, and over what.
#[derive(Clone)]
pub struct Endpoint {
    pub addr: String,
    pub token: Option<Token>,
    pub tls: Option<SslAcceptor>,
}

impl Endpoint {
    /// Open to all who reach the address.
    pub fn open(addr: &str) -> Self {
        Self { addr: addr.to_owned(), token: None, tls: None }
    }
}

/// What a request must bring. Only its digest is kept: there is nothing to be shown by mistake, and
/// comparing digests takes the same time for every guess.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// White space around it is not part of it: files end in a newline.
    pub fn parse(text: &str) -> Result<Self, String> {
        let token = text.trim();
        if token.len() < TOKEN_LEAST {
            return Err(format!(
                "the token has {} characters, at least {TOKEN_LEAST} are needed: make one with \
                 `openssl rand -hex 32`",
                token.len()
            ));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the token must be one word of visible ASCII characters".into());
        }
        Ok(Self(sha256(token.as_bytes())))
    }

    /// Whether a request brings it, as `Authorization: Bearer TOKEN`.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, token)) = value.and_then(|value| value.split_once(' ')) else {
            return false;
        };
        let digest = sha256(token.trim().as_bytes());
        scheme.eq_ignore_ascii_case("bearer") && openssl::memcmp::eq(&digest, &self.0)
    }
}

/// TLS 1.2 and 1.3 with a certificate, those that stand behind it, and its key, in PEM files.
pub fn tls(certificate: &Path, key: &Path) -> Result<SslAcceptor, String> {
    let in_file = |path: &Path, what: &str| format!("{}: {what}", path.display());
    let failed = |error| format!("cannot set up TLS: {error}");
    let mut builder =
        SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(failed)?;
    // Read by hand for an error that names the cause; OpenSSL's would be a number.
    std::fs::File::open(certificate).map_err(|error| in_file(certificate, &error.to_string()))?;
    builder
        .set_certificate_chain_file(certificate)
        .map_err(|_| in_file(certificate, "not a certificate in PEM"))?;
    let pem = std::fs::read(key).map_err(|error| in_file(key, &error.to_string()))?;
    // Without this answer OpenSSL asks the terminal for the pass phrase of an encrypted key.
    let parsed = PKey::private_key_from_pem_callback(&pem, |_| Ok(0));
    let parsed =
        parsed.map_err(|_| in_file(key, "not a private key in PEM, or one that is encrypted"))?;
    builder.set_private_key(&parsed).and_then(|()| builder.check_private_key()).map_err(|_| {
        in_file(key, &format!("not the key of the certificate in {}", certificate.display()))
    })?;
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        for text in ["", "short", "fifteen letters", "a word and a space 123", "sixteen-lettersé"]
        {
            let error = Token::parse(text).err().unwrap();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
        let token = Token::parse("0123456789abcdef\n").unwrap();
        let brings = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            token.is_in(&headers)
        };
        assert!(brings("Bearer 0123456789abcdef") && brings("bearer  0123456789abcdef"));
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "0123456789abcdef",
            "Basic 0123456789abcdef",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer 0123456789ABCDEF",
        ] {
            assert!(!brings(value), "{value}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
    }
}
