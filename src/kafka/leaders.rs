//! Who leads the partitions of a topic, asked for again while a client waits.
//!
//! The client library takes brokers that an answer leaves out for gone. Where it leaves out all of
//! them, as a broker's does that stood still until its controller took it for dead, the library has
//! nobody left to ask, and does not go back to the first ones by itself (librdkafka #5301).

use std::ffi::{CStr, CString};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka_sys as sys;

use super::metadata_with;

/// How long a client waits before the leaders are asked for, and for the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The client's setting of the brokers that it asks first.
const SERVERS: &CStr = c"bootstrap.servers";

/// When a client that waits was last asked for the leaders.
pub struct Leaders(Instant);

impl Leaders {
    /// Of a client that begins to wait.
    pub fn awaited() -> Self {
        Self(Instant::now())
    }

    /// Called while the client waits: asks where it has been long. The client takes note of the
    /// answer; without one, nothing is lost by waiting on.
    pub fn ask_again<C: ClientContext>(&mut self, client: &Client<C>, topic: &str) {
        if self.0.elapsed() >= PATIENCE {
            let _ = metadata_with(client, topic, PATIENCE);
            self.0 = Instant::now();
        }
    }

    /// What `call`, in which the client may wait, comes to: meanwhile another thread asks.
    pub fn asking<C: ClientContext, T>(
        client: &Client<C>,
        topic: &str,
        call: impl FnOnce() -> T,
    ) -> T {
        let (called, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let ask = move || {
                while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    let _ = metadata_with(client, topic, PATIENCE);
                }
            };
            // Without a thread nobody asks, and the call takes as long as it does.
            let _ =
                std::thread::Builder::new().name("kafka-leaders".into()).spawn_scoped(scope, ask);
            let result = call();
            drop(called);
            result
        })
    }
}

/// Tells a client again of the brokers that it was to ask first; those that it knows stay as they
/// are.
pub(super) fn remind<C: ClientContext>(client: &Client<C>) {
    if let Some(servers) = servers(client) {
        // SAFETY: both pointers live during the call, and the servers, of which the library makes a
        // copy, end with a zero.
        unsafe { sys::rd_kafka_brokers_add(client.native_ptr(), servers.as_ptr()) };
    }
}

/// The client's setting of the brokers that it asks first.
fn servers<C: ClientContext>(client: &Client<C>) -> Option<CString> {
    // SAFETY: the client lives, and so do its settings. The first call writes the text's length
    // with its final zero, the second one no more than that.
    unsafe {
        let settings = sys::rd_kafka_conf(client.native_ptr());
        let mut len = 0;
        let found = |code| code == sys::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK;
        let get = |text, len: &mut usize| {
            found(sys::rd_kafka_conf_get(settings, SERVERS.as_ptr(), text, len))
        };
        if !get(std::ptr::null_mut(), &mut len) {
            return None;
        }
        let mut text = vec![0_u8; len];
        get(text.as_mut_ptr().cast(), &mut len).then_some(())?;
        CString::from_vec_with_nul(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};

    #[test]
    fn a_client_is_told_the_brokers_of_its_settings() {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "127.0.0.1:1,127.0.0.1:2");
        let consumer: BaseConsumer = config.create().unwrap();
        assert_eq!(servers(consumer.client()).unwrap().as_c_str(), c"127.0.0.1:1,127.0.0.1:2");
        remind(consumer.client());
    }
}
