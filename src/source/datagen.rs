//! Made-up records by Flink's `datagen` options, as JSON; positions are row numbers.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use openssl::base64::encode_block;

use super::{OpenSource, PartitionState, Polled, Position, Source};
use crate::decimal;
use crate::record::{DataType, RawBlock, RawRecord};
use crate::sql::plan::Table;

enum Kind {
    Sequence { start: i64, end: i64 },
    Integer { min: i64, max: i64 },
    Double { min: f64, max: f64 },
    Decimal { min: f64, max: f64, digits: usize },
    Text { length: usize },
    Bytes { length: usize },
    Boolean,
}

struct DataGen {
    columns: Vec<(Arc<str>, Kind)>,
    numbers: Vec<i32>,
    per_second: u64,
    rows: i64,
    first: i64,
    next: i64,
    started: Instant,
    text: String,
}

fn option<T: std::str::FromStr>(table: &Table, key: &str) -> Result<Option<T>, String> {
    let Some(text) = table.options.get(key) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("option '{key}': '{text}' is not valid"))
}

fn kind(table: &Table, name: &str, data_type: &DataType) -> Result<Kind, String> {
    let key = |what: &str| format!("fields.{name}.{what}");
    if table.options.get(key("kind").as_str()).is_some_and(|kind| &**kind == "sequence") {
        let start = option(table, &key("start"))?;
        let end = option(table, &key("end"))?;
        let (Some(start), Some(end)) = (start, end) else {
            return Err(format!(
                "'{}' and '{}' are needed for a sequence",
                key("start"),
                key("end")
            ));
        };
        return Ok(Kind::Sequence { start, end });
    }
    let limit = match data_type {
        DataType::TinyInt => i64::from(i8::MAX),
        DataType::SmallInt => i64::from(i16::MAX),
        DataType::Int => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    match data_type {
        DataType::Boolean => Ok(Kind::Boolean),
        DataType::String { .. } => {
            Ok(Kind::Text { length: option(table, &key("length"))?.unwrap_or(100) })
        }
        kind if kind.is_integer() => Ok(Kind::Integer {
            min: option(table, &key("min"))?.unwrap_or(-limit - 1),
            max: option(table, &key("max"))?.unwrap_or(limit),
        }),
        DataType::Decimal(of) => {
            let most = decimal::to_f64(decimal::power(of.precision) - 1, of.scale);
            Ok(Kind::Decimal {
                min: option(table, &key("min"))?.unwrap_or(-most),
                max: option(table, &key("max"))?.unwrap_or(most),
                digits: of.scale.into(),
            })
        }
        kind if kind.is_binary() => {
            Ok(Kind::Bytes { length: option(table, &key("length"))?.unwrap_or(100) })
        }
        kind if kind.is_approximate() => Ok(Kind::Double {
            min: option(table, &key("min"))?.unwrap_or(0.0),
            max: option(table, &key("max"))?.unwrap_or(f64::from(f32::MAX)),
        }),
        other => Err(format!("datagen makes no {other} (column `{name}`)")),
    }
}

/// One partition: rows are numbered through.
pub fn partitions(_table: &Table) -> Result<Vec<i32>, String> {
    Ok(vec![0])
}

pub fn open(request: OpenSource) -> Result<Box<dyn Source>, String> {
    let table = &request.table;
    let mut rows = option(table, "number-of-rows")?.unwrap_or(i64::MAX);
    let mut columns = Vec::new();
    for &column in &table.physical {
        let field = &table.schema.fields[column];
        let kind = kind(table, &field.name, &field.data_type)?;
        if let Kind::Sequence { start, end } = kind {
            // The shortest sequence ends the input.
            rows = rows.min(end.saturating_sub(start).saturating_add(1));
        }
        columns.push((field.name.clone(), kind));
    }
    let numbers = if request.worker == 0 { vec![0] } else { Vec::new() };
    let restored = request.restored.iter().flatten().find(|at| at.partition == 0);
    let next = restored.map_or(0, |at| at.next);
    let per_second = option(table, "rows-per-second")?.unwrap_or(10_000);
    let started = Instant::now();
    let text = String::new();
    let first = next;
    Ok(Box::new(DataGen { columns, numbers, per_second, rows, first, next, started, text }))
}

/// A well-mixed number for each row and column, so that a restart makes the same rows again.
fn mix(row: i64, column: usize, salt: u64) -> u64 {
    let mut x = (row as u64) ^ ((column as u64) << 48) ^ (salt << 56);
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Between 0 and 1.
fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1u64 << 53) as f64
}

impl DataGen {
    fn row(&mut self, row: i64) {
        let text = &mut self.text;
        text.clear();
        // Writing to a string does not fail.
        for (i, (name, kind)) in self.columns.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(text, "{open}\"{name}\":");
            let random = mix(row, i, 0);
            let _ = match kind {
                Kind::Sequence { start, .. } => write!(text, "{}", start + row),
                Kind::Integer { min, max } => {
                    let span = (i128::from(*max) - i128::from(*min) + 1).max(1);
                    write!(text, "{}", i128::from(*min) + i128::from(random) % span)
                }
                Kind::Double { min, max } => {
                    write!(text, "{:e}", min + unit(random) * (max - min))
                }
                Kind::Decimal { min, max, digits } => {
                    write!(text, "{:.*}", digits, min + unit(random) * (max - min))
                }
                Kind::Text { length } => {
                    text.push('"');
                    for at in 0..*length {
                        let word = mix(row, i, 1 + at as u64 / 16);
                        let digit = (word >> (at % 16 * 4)) as u32 & 15;
                        text.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                    write!(text, "\"")
                }
                Kind::Bytes { length } => {
                    let word = |at: usize| mix(row, i, 1 + at as u64 / 8).to_le_bytes()[at % 8];
                    let bytes: Vec<u8> = (0..*length).map(word).collect();
                    write!(text, "\"{}\"", encode_block(&bytes))
                }
                Kind::Boolean => write!(text, "{}", random & 1 == 1),
            };
        }
        text.push_str(if self.columns.is_empty() { "{}" } else { "}" });
    }

    fn finished(&self) -> bool {
        self.numbers.is_empty() || self.next >= self.rows
    }
}

impl Source for DataGen {
    fn partitions(&self) -> &[i32] {
        &self.numbers
    }

    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        if self.finished() {
            return Ok(Polled::Finished);
        }
        let due = self.started.elapsed().as_secs_f64() * self.per_second as f64;
        let due = self.first.saturating_add(due as i64).min(self.rows);
        let end = due.min(self.next.saturating_add(max_rows as i64));
        if end <= self.next {
            return Ok(Polled::Empty);
        }
        while self.next < end {
            let position = self.next;
            self.row(position);
            let meta = RawRecord { position, timestamp: -1, ..RawRecord::default() };
            block.push(Some(self.text.as_bytes()), None, meta);
            self.next += 1;
        }
        Ok(Polled::Records)
    }

    fn partition_state(&self, _index: usize) -> PartitionState {
        if self.finished() { PartitionState::Finished } else { PartitionState::Reading }
    }

    fn positions(&self) -> Vec<Position> {
        self.numbers.iter().map(|&partition| Position { partition, next: self.next }).collect()
    }
}
