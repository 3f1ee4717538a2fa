//! Answers that are remembered for a while.

use std::collections::VecDeque;
use std::sync::Arc;

use ahash::AHashMap;

use crate::lookup::{Answer, CacheOptions};

struct Cached {
    answer: Answer,
    /// By the worker's clock, ms.
    written: i64,
    /// Asked for since its turn to go.
    used: bool,
}

/// Bounded by keys, by age, or by both. Where it is full the key that came first goes, but one that
/// has been asked for since stays for another round.
pub struct Cache {
    options: CacheOptions,
    answers: AHashMap<Arc<[u8]>, Cached>,
    /// Keys with the time of the answer that stood there then: one with another time has been
    /// written again, and stands further behind.
    order: VecDeque<(Arc<[u8]>, i64)>,
}

impl Cache {
    pub fn new(options: CacheOptions) -> Self {
        Self { options, answers: AHashMap::new(), order: VecDeque::new() }
    }

    pub fn get(&mut self, key: &[u8], now_ms: i64) -> Option<Answer> {
        let cached = self.answers.get_mut(key)?;
        if is_over(&self.options, cached.written, now_ms) {
            return None;
        }
        cached.used = true;
        Some(cached.answer.clone())
    }

    pub fn put(&mut self, key: &[u8], answer: &Answer, now_ms: i64) {
        let keeps = match answer {
            Answer::Rows(rows) => self.options.missing || !rows.is_empty(),
            // It may be mended.
            Answer::Bad(_) => false,
        };
        if !keeps {
            self.answers.remove(key);
            return;
        }
        let known = self.answers.get_key_value(key);
        if known.is_some_and(|(_, known)| known.written == now_ms) {
            return;
        }
        let key: Arc<[u8]> = known.map_or_else(|| key.into(), |(key, _)| key.clone());
        self.order.push_back((key.clone(), now_ms));
        let cached = Cached { answer: answer.clone(), written: now_ms, used: false };
        self.answers.insert(key, cached);
        self.let_go(now_ms);
    }

    /// Lets go of what is too old or too much.
    fn let_go(&mut self, now_ms: i64) {
        let most = self.options.max_rows.unwrap_or(usize::MAX);
        while let Some((key, written)) = self.order.front() {
            let is_full = self.answers.len() > most;
            let known = self.answers.get_mut(&**key).filter(|known| known.written == *written);
            let Some(known) = known else {
                self.order.pop_front();
                continue;
            };
            let is_over = is_over(&self.options, *written, now_ms);
            if !is_over && !is_full {
                return;
            }
            let again = !is_over && std::mem::take(&mut known.used);
            if let Some((key, written)) = self.order.pop_front() {
                match again {
                    true => self.order.push_back((key, written)),
                    false => drop(self.answers.remove(&key)),
                }
            }
        }
    }
}

fn is_over(options: &CacheOptions, written: i64, now_ms: i64) -> bool {
    options.expire_ms.is_some_and(|expire| now_ms.saturating_sub(written) >= expire)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(max_rows: Option<usize>, expire_ms: Option<i64>, missing: bool) -> Cache {
        Cache::new(CacheOptions { max_rows, expire_ms, missing })
    }

    fn row() -> Answer {
        Answer::one(vec![1])
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut cache = cache(Some(3), None, true);
        for key in 0..3u8 {
            cache.put(&[key], &row(), i64::from(key));
        }
        assert!(cache.get(&[0], 9).is_some());
        // The first one has been asked for since.
        cache.put(&[3], &row(), 9);
        assert!(cache.get(&[0], 9).is_some() && cache.get(&[1], 9).is_none());
        for key in 0..200u8 {
            cache.put(&[key], &row(), 10 + i64::from(key % 50));
        }
        assert!(cache.answers.len() == 3 && cache.order.len() < 10, "{}", cache.order.len());
    }

    #[test]
    fn answers_grow_old() {
        let mut cache = cache(None, Some(100), true);
        cache.put(&[1], &row(), 0);
        cache.put(&[2], &row(), 60);
        assert!(cache.get(&[1], 99).is_some() && cache.get(&[1], 100).is_none());
        cache.put(&[1], &row(), 100);
        assert!(cache.get(&[1], 199).is_some() && cache.get(&[2], 160).is_none());
        cache.put(&[3], &row(), 500);
        assert_eq!((cache.answers.len(), cache.order.len()), (1, 1));
    }

    #[test]
    fn that_there_is_no_row_is_remembered_where_wanted() {
        for missing in [true, false] {
            let mut cache = cache(Some(9), None, missing);
            cache.put(&[1], &Answer::none(), 0);
            assert_eq!(cache.get(&[1], 1).is_some(), missing);
            cache.put(&[2], &row(), 0);
            cache.put(&[2], &Answer::Bad("broken".into()), 1);
            assert!(cache.get(&[2], 1).is_none());
        }
    }
}
