//! When to try again. Time and chance are given, never asked for.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

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
}
