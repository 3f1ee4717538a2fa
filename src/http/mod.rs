//! The HTTP API: metrics, tables, latencies, liveness. Hyper on one thread of its own.
//!
//! Reads of tables are questions to the workers ([`Queries`]); nothing here touches state.

mod alerts;
mod answer;
mod metrics;
mod path;
mod queries;
mod security;
mod server;
mod tables;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use queries::Queries;
pub use security::{Endpoint, Token, tls};
pub use server::{Server, ServerHandle, serve};

use crate::metrics::{Latencies, Metrics};

/// Why the job is not ready, where it isn't.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the routes answer from.
#[derive(Clone)]
pub struct ApiState {
    pub queries: Arc<dyn Queries>,
    pub metrics: Metrics,
    pub latencies: Latencies,
    pub ready: Ready,
    /// The newest committed epoch; 0 before the first.
    pub epoch: Arc<AtomicU64>,
    pub job: String,
    pub version: &'static str,
    /// `/metrics` gives JSON unless asked otherwise.
    pub metrics_json_default: bool,
}

#[cfg(test)]
mod tests;
