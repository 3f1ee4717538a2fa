//! Events as JSON: a pure function of seed and index, so that a checker can make them again.

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    UserEvents,
    Clickstream,
    /// One profile a user, user after user
    UserProfiles,
}

/// How the events are spread.
#[derive(Clone, Debug)]
pub struct Shape {
    pub kind: Kind,
    pub seed: u64,
    pub users: u64,
    /// 0 = every user alike; the larger, the more events fall on the users with small numbers:
    /// a user's number is users × u^(1 + skew) for a uniform u.
    pub skew: f64,
    /// JSON fields in another order in every record.
    pub shuffle_keys: bool,
    /// Shares of all events, 0 to 1.
    pub out_of_order: f64,
    pub late: f64,
    pub malformed: f64,
    /// Share of events that one and the same user makes.
    pub burst: f64,
}

/// How far back an out-of-order event lies at most: less than the jobs' five seconds.
const DISORDER_MAX_US: u64 = 4_000_000;
/// How far back a late event lies at least; at most twice that.
const LATE_MIN_US: u64 = 60_000_000;

const TYPES: [&str; 5] = ["page_view", "click", "purchase", "add_cart", "search"];
const REFERRERS: [&str; 4] = ["google", "direct", "newsletter", "twitter"];
const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
const SEGMENTS: [&str; 3] = ["new", "regular", "vip"];
/// Products that a user looks at.
const FAVOURITES: u64 = 12;
const BROWSERS: [&str; 4] = ["chrome", "firefox", "safari", "edge"];

/// SplitMix64 by Steele, Lea and Flood: any index can be asked for alone.
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A random number's share of 1.
fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1u64 << 53) as f64
}

/// One event's random choices.
struct Choice {
    user: u64,
    kind: &'static str,
    details: u64,
    time_us: u64,
    malformed: bool,
}

impl Shape {
    fn choose(&self, index: u64, time_us: u64) -> Choice {
        let random = mix(self.seed ^ mix(index));
        let (a, b, details) = (mix(random), mix(random ^ 1), mix(random ^ 2));
        let fate = unit(b);
        let back_us = if fate < self.late {
            LATE_MIN_US + details % LATE_MIN_US
        } else if fate < self.late + self.out_of_order {
            details % DISORDER_MAX_US
        } else {
            0
        };
        let burst = unit(mix(random ^ 3)) < self.burst;
        let spread = unit(random).powf(1.0 + self.skew);
        let user = if burst { 0 } else { (spread * self.users.max(1) as f64) as u64 };
        Choice {
            user,
            kind: TYPES[(a % 5) as usize],
            details,
            time_us: time_us.saturating_sub(back_us),
            malformed: unit(mix(random ^ 4)) < self.malformed,
        }
    }

    /// Writes event `index`, meant to be sent at `time_us` (µs since the epoch); returns its
    /// user's number.
    pub fn write(&self, index: u64, time_us: u64, out: &mut Vec<u8>) -> u64 {
        let choice = self.choose(index, time_us);
        let start = out.len();
        match self.kind {
            Kind::UserEvents => self.user_event(index, &choice, out),
            Kind::Clickstream => clickstream(&choice, out),
            Kind::UserProfiles => {
                let user = index % self.users.max(1);
                profile(user, &choice, out);
                return user;
            }
        }
        if choice.malformed {
            // Cut in the middle: no longer JSON.
            out.truncate(start + (out.len() - start) / 2);
        }
        choice.user
    }

    fn user_event(&self, index: u64, choice: &Choice, out: &mut Vec<u8>) {
        const FIELDS: u64 = 6;
        out.push(b'{');
        let first = if self.shuffle_keys { mix(index) % FIELDS } else { 0 };
        for turn in 0..FIELDS {
            if turn > 0 {
                out.push(b',');
            }
            field((first + turn) % FIELDS, choice, out);
        }
        out.push(b'}');
    }
}

fn field(number: u64, choice: &Choice, out: &mut Vec<u8>) {
    let details = choice.details;
    match number {
        0 => {
            out.extend_from_slice(b"\"user_id\":\"");
            user_id(choice.user, out);
            out.push(b'"');
        }
        1 => text(out, "event_type", choice.kind),
        // One event in 16 has no page, one in four no product.
        2 if details.is_multiple_of(16) => out.extend_from_slice(b"\"page_url\":null"),
        2 => {
            out.extend_from_slice(b"\"page_url\":\"https://shop.example.com/page/");
            digits(details >> 8 & 0x3ff, 4, out);
            out.push(b'"');
        }
        3 if (details >> 4).is_multiple_of(4) => out.extend_from_slice(b"\"product_id\":null"),
        3 => {
            out.extend_from_slice(b"\"product_id\":\"product_");
            digits(product(choice.user, details >> 20), 6, out);
            out.push(b'"');
        }
        4 => {
            out.extend_from_slice(b"\"timestamp\":");
            digits(choice.time_us / 1_000_000, 1, out);
            out.push(b'.');
            digits(choice.time_us % 1_000_000, 6, out);
        }
        _ => {
            out.extend_from_slice(b"\"properties\":{");
            text(out, "referrer", REFERRERS[(details >> 40) as usize % 4]);
            out.push(b',');
            text(out, "device", DEVICES[(details >> 44) as usize % 3]);
            out.push(b',');
            text(out, "browser", BROWSERS[(details >> 48) as usize % 4]);
            out.push(b'}');
        }
    }
}

/// Users keep to a few products each, so that they buy what they have clicked on.
fn product(user: u64, random: u64) -> u64 {
    mix(user * FAVOURITES + random % FAVOURITES) % 10_000
}

fn profile(user: u64, choice: &Choice, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"user_id\":\"");
    user_id(user, out);
    out.extend_from_slice(b"\",");
    text(out, "segment", SEGMENTS[(choice.details % 3) as usize]);
    out.extend_from_slice(b",\"age\":");
    digits(18 + choice.details / 3 % 60, 1, out);
    out.extend_from_slice(b",\"updated_at\":");
    digits(choice.time_us / 1_000_000, 1, out);
    out.push(b'.');
    digits(choice.time_us % 1_000_000, 6, out);
    out.push(b'}');
}

fn clickstream(choice: &Choice, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"user_id\": \"");
    user_id(choice.user, out);
    out.extend_from_slice(b"\", \"timestamp\": \"");
    let mut time = String::with_capacity(20);
    let ms = (choice.time_us / 1_000_000) as i64 * 1_000;
    crate::time::write_timestamp_seconds_optional(ms, 'T', &mut time);
    out.extend_from_slice(time.as_bytes());
    out.extend_from_slice(b"Z\", \"page\": \"/page/");
    digits(choice.details % 100, 1, out);
    out.extend_from_slice(b"\"}");
}

/// `user_000123`.
pub fn user_id(user: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"user_");
    digits(user, 6, out);
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in ["\"", name, "\":\"", value, "\""] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A number with leading zeros up to `width`.
fn digits(mut value: u64, width: usize, out: &mut Vec<u8>) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while value > 0 || buffer.len() - at < width {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: Kind) -> Shape {
        Shape {
            kind,
            seed: 7,
            users: 100_000,
            skew: 0.0,
            shuffle_keys: false,
            out_of_order: 0.1,
            late: 0.1,
            malformed: 0.0,
            burst: 0.0,
        }
    }

    #[test]
    fn events_are_json_of_the_stated_size_and_repeat() {
        for kind in [Kind::UserEvents, Kind::Clickstream, Kind::UserProfiles] {
            let mut bytes = 0;
            for index in 0..1_000 {
                let (mut first, mut again) = (Vec::new(), Vec::new());
                shape(kind).write(index, 1_760_000_000_123_456, &mut first);
                shape(kind).write(index, 1_760_000_000_123_456, &mut again);
                assert_eq!(first, again);
                let value: serde_json::Value = serde_json::from_slice(&first).expect("JSON");
                assert!(value["user_id"].is_string());
                bytes += first.len();
            }
            assert!(kind != Kind::UserEvents || bytes >= 200 * 1_000, "{bytes} bytes");
        }
    }

    #[test]
    fn malformed_events_are_not_json() {
        let shape = Shape { malformed: 1.0, ..shape(Kind::UserEvents) };
        let mut out = Vec::new();
        shape.write(1, 0, &mut out);
        assert!(serde_json::from_slice::<serde_json::Value>(&out).is_err());
    }
}
