//! Where the HTTP API of `pelton run` listens, and who may ask it.

use std::path::PathBuf;

use crate::http::{self, Endpoint, Token};

/// The token where no file names it.
const TOKEN_VARIABLE: &str = "PELTON_HTTP_TOKEN";

#[derive(clap::Args)]
pub struct HttpArgs {
    /// Address of the HTTP server, or off
    #[arg(long, default_value = "127.0.0.1:6066")]
    http: String,
    /// File with the bearer token that requests must bring; or set PELTON_HTTP_TOKEN
    #[arg(long, value_name = "FILE")]
    http_token_file: Option<PathBuf>,
    /// Certificate chain in PEM: the server speaks TLS alone
    #[arg(long, value_name = "FILE", requires = "http_tls_key")]
    http_tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", requires = "http_tls_cert")]
    http_tls_key: Option<PathBuf>,
}

impl HttpArgs {
    /// `None` where it is off.
    pub fn resolve(self) -> Result<Option<Endpoint>, String> {
        if self.http == "off" {
            return match self.http_token_file.or(self.http_tls_cert) {
                Some(_) => Err("--http off leaves nothing for a token or TLS to protect".into()),
                None => Ok(None),
            };
        }
        let token = token(self.http_token_file.as_ref(), std::env::var_os(TOKEN_VARIABLE))?;
        let tls = match (&self.http_tls_cert, &self.http_tls_key) {
            (Some(certificate), Some(key)) => Some(http::tls(certificate, key)?),
            _ => None,
        };
        Ok(Some(Endpoint { addr: self.http, token, tls }))
    }
}

/// A variable that is set but empty is refused: it was meant to hold a token.
fn token(
    file: Option<&PathBuf>,
    variable: Option<std::ffi::OsString>,
) -> Result<Option<Token>, String> {
    let (text, place) = match (file, variable) {
        (Some(_), Some(_)) => {
            return Err(format!("--http-token-file and {TOKEN_VARIABLE} are both set: keep one"));
        }
        (Some(file), None) => {
            let read = std::fs::read_to_string(file);
            let place = format!("--http-token-file {}", file.display());
            (read.map_err(|error| format!("{place}: {error}"))?, place)
        }
        (None, Some(value)) => (value.to_string_lossy().into_owned(), TOKEN_VARIABLE.to_owned()),
        (None, None) => return Ok(None),
    };
    Token::parse(&text).map(Some).map_err(|error| format!("{place}: {error}"))
}
