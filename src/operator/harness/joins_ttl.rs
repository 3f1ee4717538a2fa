//! A join without a time forgets rows behind their last write: against plain lists.

use std::collections::BTreeMap;

use super::ttl::{Change, TTL, changes, timed, told, watermarks};
use super::*;
use crate::operator::join::{Join, JoinSpec, JoinType};
use crate::state::KeyDictionary;

const TTLS: [Option<i64>; 2] = [Some(TTL), Some(3 * TTL)];

struct Kept {
    row: Row,
    written: i64,
    partners: usize,
}

/// A join by plain lists, from which what is over is taken at once.
struct NestedLoop {
    join: JoinType,
    sides: [Vec<Kept>; 2],
    told: Vec<Change>,
    expired: u64,
}

impl NestedLoop {
    fn reach(&mut self, first: bool, now: i64) {
        for (side, rows) in self.sides.iter_mut().enumerate() {
            if first {
                rows.iter_mut().for_each(|kept| kept.written = now);
            }
            let before = rows.len();
            rows.retain(|kept| {
                TTLS[side].is_none_or(|ttl| kept.written == i64::MIN || kept.written + ttl > now)
            });
            self.expired += (before - rows.len()) as u64;
        }
    }

    fn tell(&mut self, kind: ChangeKind, side: usize, own: &Row, other: Option<&Row>) {
        let nulls = vec![Value::Null; TYPES.len()];
        let other = other.unwrap_or(&nulls);
        let (left, right) = if side == 0 { (own, other) } else { (other, own) };
        let row = match self.join.left_only() {
            true => own.clone(),
            false => left.iter().chain(right).cloned().collect(),
        };
        self.told.push((kind, row));
    }

    fn take(&mut self, side: usize, (kind, row): &Change, now: i64) {
        let is_gone = kind.is_retract();
        let (come, gone) = match is_gone {
            true => (ChangeKind::Delete, ChangeKind::Insert),
            false => (ChangeKind::Insert, ChangeKind::Delete),
        };
        let has_key = !row[KEY].is_null();
        if is_gone && has_key {
            let Some(at) = self.sides[side].iter().position(|kept| kept.row == *row) else {
                return;
            };
            self.sides[side].remove(at);
        }
        let mut met = Vec::new();
        let counts = self.join.keeps(1 - side) || (self.join.left_only() && side == 1);
        for kept in
            self.sides[1 - side].iter_mut().filter(|kept| has_key && kept.row[KEY] == row[KEY])
        {
            let alone = if is_gone { kept.partners == 1 } else { kept.partners == 0 };
            kept.partners = match is_gone {
                true => kept.partners.saturating_sub(1),
                false => kept.partners + 1,
            };
            if counts {
                kept.written = now;
            }
            met.push((kept.row.clone(), alone));
        }
        let pairs = |this: &mut Self| match (this.join, side) {
            (JoinType::Anti, _) => {}
            (JoinType::Semi, 0) if met.is_empty() => {}
            (JoinType::Semi, 0) => this.tell(come, 0, row, None),
            (JoinType::Semi, _) => {
                for (other, _) in met.iter().filter(|(_, alone)| *alone) {
                    this.tell(come, 0, other, None);
                }
            }
            _ => met.iter().for_each(|(other, _)| this.tell(come, side, row, Some(other))),
        };
        let padded = |this: &mut Self| {
            if this.join.keeps(1 - side) {
                for (other, _) in met.iter().filter(|(_, alone)| *alone) {
                    this.tell(gone, 1 - side, other, None);
                }
            }
        };
        if is_gone {
            pairs(self);
            padded(self);
        } else {
            padded(self);
            pairs(self);
        }
        if met.is_empty() && self.join.keeps(side) {
            self.tell(come, side, row, None);
        }
        if !is_gone && has_key {
            let kept = Kept { row: row.clone(), written: now, partners: met.len() };
            self.sides[side].push(kept);
        }
    }
}

/// The side of each change: a row goes from the side that it came to.
fn sides(changes: &[Change]) -> Vec<usize> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let of = |(at, (kind, row)): (usize, &Change)| {
        let text = format!("{row:?}");
        match kind.is_retract() {
            true => known.get(&text).copied().unwrap_or(0),
            false => *known.entry(text).or_insert((at / 3 + at / 7) % 2),
        }
    };
    changes.iter().enumerate().map(of).collect()
}

/// What plain lists tell.
fn nested(join: JoinType, changes: &[Change], sides: &[usize]) -> Vec<Change> {
    let watermarks = watermarks(changes);
    let lists = [Vec::new(), Vec::new()];
    let mut plain = NestedLoop { join, sides: lists, told: Vec::new(), expired: 0 };
    let mut now = i64::MIN;
    for (at, change) in changes.iter().enumerate() {
        let first = now == i64::MIN && watermarks[at] > i64::MIN;
        now = now.max(watermarks[at]);
        plain.reach(first, now);
        plain.take(sides[at], change, now);
    }
    assert!(plain.expired > 100, "{}", plain.expired);
    plain.told
}

/// What the operator tells.
fn joined(join: JoinType, input: &[Batch], sides: &[usize], restore: bool) -> Vec<Change> {
    let make = || -> Box<dyn Operator> {
        let spec = JoinSpec {
            join,
            keys: [vec![KEY], vec![KEY]],
            nulls_equal: vec![false],
            condition: None,
            time: None,
            ttl_ms: [None; 2],
        };
        let types = [TYPES.to_vec(), TYPES.to_vec()];
        Box::new(Join::new(spec, types, KeyDictionary::shared(5)).expiring(TTLS))
    };
    let (mut operator, mut at) = (Restarts::new(&make), 0);
    for batch in input {
        let mut from = 0;
        while from < batch.rows {
            let own = sides[at + from];
            let run = (from..batch.rows).take_while(|row| sides[at + row] == own).count();
            let rows = (from as u32..(from + run) as u32).collect();
            operator.process(own, batch.with_selection(rows));
            from += run;
        }
        at += batch.rows;
        operator.advance(batch.time.last);
        if restore {
            operator.barrier();
        }
    }
    told(&operator.end().0)
}

#[test]
fn a_join_forgets_rows_of_each_side_by_their_last_write() {
    let mut changes = changes(61, 900);
    changes.iter_mut().for_each(|(_, row)| row[INT] = Value::I64(0));
    let sides = sides(&changes);
    let of_joins = [
        JoinType::Inner,
        JoinType::Left,
        JoinType::Right,
        JoinType::Full,
        JoinType::Semi,
        JoinType::Anti,
    ];
    for join in of_joins {
        let wanted = nested(join, &changes, &sides);
        for (size, restore) in [(1, true), (7, true), (64, true), (1024, false)] {
            let got = joined(join, &timed(&changes, size), &sides, restore);
            for (at, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                assert_eq!(got, wanted, "{join:?}, batches of {size}, change {at}");
            }
            assert_eq!(got.len(), wanted.len(), "{join:?}, batches of {size}");
        }
    }
}
