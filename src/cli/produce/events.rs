//! User events as JSON: a function of (seed, index), so that a checker can recompute them.

use std::io::Write;

const TYPES: [&str; 5] = ["page_view", "click", "purchase", "add_cart", "search"];

pub struct Events {
    pub seed: u64,
    pub users: u64,
}

/// SplitMix64: the state is the index itself, so any event can be made alone.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Events {
    /// Writes event `index`, whose time is `ms` since the epoch, and gives its user's number.
    pub fn write(&self, index: u64, ms: u64, out: &mut Vec<u8>) -> std::io::Result<u64> {
        let random = mix(self.seed ^ mix(index));
        let user = random % self.users.max(1);
        let more = mix(random);
        let kind = TYPES[(more % 5) as usize];
        write!(
            out,
            r#"{{"user_id":"user_{user:06}","event_type":"{kind}","page_url":"/page/{}","product_id":"product_{:05}","timestamp":{}.{:03},"properties":{{"referrer":"https://example.com","device":"mobile","browser":"firefox"}}}}"#,
            (more >> 8) % 100,
            (more >> 20) % 10_000,
            ms / 1000,
            ms % 1000,
        )?;
        Ok(user)
    }
}
