//! When to try again. Time and chance are given, never asked for.

use std::time::{Duration, SystemTime};

/// No pause between two tries grows beyond this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// No receiver makes us wait longer, whatever it asks for: the sink's queue is waiting too.
const LONGEST_WISH: Duration = Duration::from_secs(600);

pub struct Backoff {
    pub first: Duration,
    /// Tries in all.
    pub attempts: u32,
}

impl Backoff {
    /// How long to wait after so many failed tries; `None` when it is enough. `wish` is what the
    /// receiver asked for, `chance` is within 0 and 1: without it, all who were turned away
    /// together would come back together.
    pub fn pause(&self, failed: u32, wish: Option<Duration>, chance: f64) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let doubled = 1u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let full = self.first.saturating_mul(doubled).min(LONGEST_PAUSE);
        let pause = full / 2 + (full / 2).mul_f64(chance.clamp(0.0, 1.0));
        Some(pause.max(wish.unwrap_or_default().min(LONGEST_WISH)))
    }
}

/// The value of `Retry-After`: seconds, or a date.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Backoff, retry_after};
    use std::time::{Duration, UNIX_EPOCH};

    fn backoff(attempts: u32) -> Backoff {
        Backoff { first: Duration::from_millis(500), attempts }
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let all = |chance: f64| -> Vec<u128> {
            let pauses = (1..).map_while(|failed| backoff(11).pause(failed, None, chance));
            pauses.map(|pause| pause.as_millis()).collect()
        };
        let longest = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000];
        assert_eq!(all(1.0), longest);
        assert_eq!(all(0.0), longest.map(|pause| pause / 2));
        assert_eq!(backoff(1).pause(1, None, 0.5), None);
        let far = backoff(u32::MAX).pause(1_000, None, 1.0);
        assert_eq!(far, Some(Duration::from_secs(60)));
    }

    #[test]
    fn the_receivers_wish_counts_where_it_is_longer_and_bearable() {
        let pause = |wish| backoff(3).pause(1, Some(Duration::from_secs(wish)), 1.0).unwrap();
        assert_eq!(pause(0), Duration::from_millis(500));
        assert_eq!(pause(7), Duration::from_secs(7));
        assert_eq!(pause(u64::MAX), Duration::from_secs(600));
    }

    #[test]
    fn seconds_and_dates() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |value| retry_after(value, now).map(|wish| wish.as_secs());
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!((seconds("soon"), seconds("-1"), seconds("")), (None, None, None));
    }
}
