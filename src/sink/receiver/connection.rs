//! The way to a receiver: its addresses, where the rules allow them, and TLS.

use std::net::SocketAddr;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVersion};
use openssl::x509::X509VerifyResult;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_openssl::SslStream;
use url::Host;

use super::address;

/// Why there is no answer. The texts hold nothing of the URL but what the rules say of its
/// address.
pub enum Failure {
    /// It may be there the next time.
    Passing(String),
    /// The rules forbid to ask.
    Forbidden(String),
}

pub fn passing(error: impl std::error::Error) -> Failure {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text = format!("{text}: {source}");
    }
    Failure::Passing(text)
}

/// What drives a client, on the thread that asks.
pub fn runtime() -> Result<Runtime, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start a client: {error}"))
}

pub struct Route {
    pub host: Host<String>,
    pub port: u16,
    pub allow_private: bool,
}

impl Route {
    pub async fn connect(&self) -> Result<TcpStream, Failure> {
        let addresses = self.resolve().await?;
        let stream = TcpStream::connect(&addresses[..]).await.map_err(passing)?;
        // A request is one write or two; the second must not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// The addresses of the host, if the rules allow every one of them.
    async fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let addresses: Vec<SocketAddr> = match &self.host {
            Host::Ipv4(v4) => vec![(*v4, self.port).into()],
            Host::Ipv6(v6) => vec![(*v6, self.port).into()],
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((&**name, self.port)).await;
                found.map_err(passing)?.collect()
            }
        };
        let mut refusals =
            addresses.iter().filter_map(|at| address::refusal(at.ip(), self.allow_private));
        refusals.next().map_or(Ok(addresses), |reason| Err(Failure::Forbidden(reason)))
    }
}

/// TLS that trusts what the system trusts, or SSL_CERT_FILE and SSL_CERT_DIR name: the OpenSSL
/// that is built in knows no paths of this machine.
pub struct Tls(SslConnector);

impl Tls {
    pub fn new() -> Result<Self, String> {
        let trusting = || {
            let mut builder = connector()?;
            trust_the_system(&mut builder)?;
            Ok(Self(builder.build()))
        };
        trusting().map_err(|error: ErrorStack| format!("cannot set up TLS: {error}"))
    }

    /// Secures a stream to a host, whose certificate must name it.
    pub async fn wrap<S>(&self, stream: S, host: &Host<String>) -> Result<SslStream<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = host.to_string();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let ssl = self.0.configure().and_then(|session| session.into_ssl(name));
        let mut stream = SslStream::new(ssl.map_err(passing)?, stream).map_err(passing)?;
        let connected = Pin::new(&mut stream).connect().await;
        connected.map_err(|error| match stream.ssl().verify_result() {
            X509VerifyResult::OK => passing(error),
            fault => Failure::Passing(format!("the certificate of {name} does not hold: {fault}")),
        })?;
        Ok(stream)
    }
}

/// Our side of TLS.
pub fn connector() -> Result<SslConnectorBuilder, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    Ok(builder)
}

pub fn trust_the_system(builder: &mut SslConnectorBuilder) -> Result<(), ErrorStack> {
    let trusted = openssl_probe::probe();
    if let Some(file) = &trusted.cert_file {
        builder.load_verify_locations(Some(file), None)?;
    }
    for folder in &trusted.cert_dir {
        builder.load_verify_locations(None, Some(folder))?;
    }
    Ok(())
}
