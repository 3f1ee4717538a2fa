//! Ranking: the first rows of each key by some order, over the stream or per window, and the
//! first row of each key.

mod first;
mod top;

pub use first::{FirstSpec, KeepFirst};
pub use top::{TopN, WindowEnd};

use std::cmp::Ordering;
use std::sync::Arc;

use crate::record::{Value, row};
use crate::state::Entry;
use crate::state::entry::{put_i64, take_i64};

pub type Row = Arc<[Value]>;

/// The rows of a key, the first one first.
#[derive(Default)]
pub struct Ranked {
    pub rows: Vec<Row>,
}

impl Entry for Ranked {
    fn encode(&self, out: &mut Vec<u8>) {
        put_i64(self.rows.len() as i64, out);
        for values in &self.rows {
            put_i64(values.len() as i64, out);
            values.iter().for_each(|value| row::encode_value(value, out));
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let mut ranked = Self::default();
        for _ in 0..take_i64(from)? {
            let values = (0..take_i64(from)?).map(|_| row::take_value(from));
            ranked.rows.push(values.collect::<Option<_>>()?);
        }
        from.is_empty().then_some(ranked)
    }

    fn heap_bytes(&self) -> usize {
        self.rows.iter().map(|row| row.len() * size_of::<Value>() + 16).sum()
    }
}

/// One column of ORDER BY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    pub column: usize,
    pub ascending: bool,
    pub nulls_first: bool,
}

impl SortKey {
    /// Which of two values of the column stands first.
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if self.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if self.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if self.ascending => a.order(b),
            (false, false) => b.order(a),
        }
    }
}

/// Which of two rows of equal order stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ties {
    EarlierFirst,
    LaterFirst,
}

/// What is ranked, and which ranks count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ranking {
    pub order: Vec<SortKey>,
    pub ties: Ties,
    /// Ranks from 1 on.
    pub from: usize,
    pub to: usize,
    /// The rank is the last column of the output.
    pub with_rank: bool,
}

impl Ranking {
    fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let mut orders = self.order.iter().map(|key| key.compare(&a[key.column], &b[key.column]));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}
