//! How many messages may go out in a time. Time is given, never asked for.

use std::time::{Duration, Instant};

use crate::sink::options::parse_duration;

/// `20/1min`: so many messages in such a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub messages: u32,
    pub period: Duration,
}

impl Rate {
    pub fn parse(text: &str) -> Result<Self, String> {
        let fault = || format!("'{text}' is not a rate like '20/1min'");
        let (messages, period) = text.split_once('/').ok_or_else(fault)?;
        let messages: u32 = messages.trim().parse().map_err(|_| fault())?;
        let period = parse_duration(period).map_err(|_| fault())?;
        if messages == 0 { Err(fault()) } else { Ok(Self { messages, period }) }
    }
}

/// A token bucket that keeps to its rate in every stretch of time, wherever it begins: half of
/// the messages may go out at once, the other half come back one by one. A bucket that holds
/// them all and refills at the full rate would let out twice as many in its first period.
pub struct TokenBucket {
    rate: Rate,
    capacity: u32,
    interval: Duration,
    tokens: u32,
    /// What the next token's time is counted from.
    since: Instant,
}

impl TokenBucket {
    pub fn new(rate: Rate, now: Instant) -> Self {
        let capacity = rate.messages.div_ceil(2);
        let interval = rate.period / (rate.messages - capacity).max(1);
        Self { rate, capacity, interval, tokens: capacity, since: now }
    }

    /// How long until there is a token; zero if there is one.
    pub fn wait(&mut self, now: Instant) -> Duration {
        self.refill(now);
        match self.tokens {
            0 => (self.since + self.interval).saturating_duration_since(now),
            _ => Duration::ZERO,
        }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let ready = self.wait(now).is_zero();
        if ready {
            self.tokens -= 1;
        }
        ready
    }

    /// The receiver says that it was too much: a whole period of silence.
    pub fn pause(&mut self, now: Instant) {
        self.tokens = 0;
        self.since = now + self.rate.period.saturating_sub(self.interval);
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let earned = passed.as_nanos() / self.interval.as_nanos().max(1);
        let room = self.capacity - self.tokens;
        if earned >= u128::from(room) {
            self.tokens = self.capacity;
            self.since = now;
        } else {
            self.tokens += earned as u32;
            self.since += self.interval * earned as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rate, TokenBucket};
    use std::time::{Duration, Instant};

    #[test]
    fn rates() {
        let parse = |text| Rate::parse(text).map(|rate| (rate.messages, rate.period.as_millis()));
        assert_eq!(parse("20/1min"), Ok((20, 60_000)));
        assert_eq!(parse(" 5 / 500 ms"), Ok((5, 500)));
        for bad in ["", "20", "0/1min", "20/0", "-1/1s", "1.5/1s", "20/soon", "/1s"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    /// When a bucket that is asked at every step lets something out, in ms.
    fn sent(bucket: &mut TokenBucket, start: Instant, step_ms: u64, until_ms: u64) -> Vec<u64> {
        let at = |ms: &u64| bucket.take(start + Duration::from_millis(*ms));
        (0..until_ms).step_by(step_ms as usize).filter(at).collect()
    }

    #[test]
    fn no_stretch_of_time_holds_more_than_the_rate() {
        let start = Instant::now();
        for (messages, step) in [(1, 10), (2, 7), (3, 13), (20, 9), (21, 100)] {
            let rate = Rate { messages, period: Duration::from_secs(60) };
            let mut bucket = TokenBucket::new(rate, start);
            let times = sent(&mut bucket, start, step, 600_000);
            for (i, from) in times.iter().enumerate() {
                let within = times[i..].iter().filter(|&&to| to < from + 60_000).count();
                assert!(within <= messages as usize, "{messages}: {within} after {from} ms");
            }
            assert!(times.len() >= 9 * (messages as usize / 2).max(1), "{messages}: {times:?}");
        }
    }

    #[test]
    fn half_at_once_then_one_by_one_and_full_again_after_a_rest() {
        let start = Instant::now();
        let rate = Rate::parse("20/1min").unwrap();
        let mut bucket = TokenBucket::new(rate, start);
        let times = sent(&mut bucket, start, 1, 13_000);
        assert_eq!(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 6_000, 12_000]);
        assert_eq!(bucket.wait(start + Duration::from_secs(13)), Duration::from_secs(5));
        let later = start + Duration::from_secs(600);
        assert_eq!((0..20).filter(|_| bucket.take(later)).count(), 10);
    }

    #[test]
    fn a_pause_lasts_a_whole_period() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(Rate::parse("20/1min").unwrap(), start);
        bucket.pause(start);
        assert_eq!(bucket.wait(start), Duration::from_secs(60));
        assert!(!bucket.take(start + Duration::from_millis(59_999)));
        assert!(bucket.take(start + Duration::from_secs(60)));
    }
}
