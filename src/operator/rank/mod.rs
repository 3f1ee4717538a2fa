//! Ranking: the first rows of each key by some order, over the stream or per window, and the
//! first row of each key.

mod first;
mod top;

pub use first::{FirstSpec, KeepFirst};
pub use top::{TopN, WindowEnd};

use std::cmp::Ordering;

use crate::record::Value;

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
