//! PERCENTILE, of the values of a group and how often each is there.

use super::collections::{anys, collected, times};
use super::frame::Frame;
use crate::record::{ColumnRef, DataType, Value};

/// What stands at the shares (the second argument) of the numbers that the first one packs.
pub(super) fn evaluate(frame: &mut Frame, to: &DataType) -> ColumnRef {
    let args = frame.args.clone();
    match to {
        DataType::Array(_) => anys(frame, frame.validity(), |row| {
            let numbers = numbers(args[0].bytes(row));
            let share = |share: &Value| match share {
                Value::F64(share) => at_share(&numbers, *share).map_or(Value::Null, Value::F64),
                _ => Value::Null,
            };
            let all: Vec<Value> = args[1].array(row).iter().map(share).collect();
            Ok((!numbers.is_empty()).then(|| Value::Array(all.into())))
        }),
        _ => frame.f64s(|row| Ok(at_share(&numbers(args[0].bytes(row)), args[1].f64(row)))),
    }
}

/// The numbers in ascending order, each with how many stand up to it.
fn numbers(bytes: &[u8]) -> Vec<(f64, usize)> {
    let weighted = |(value, count): (Value, Value)| match &value {
        Value::F64(number) => Some((*number, times(&count))),
        Value::Row(fields) => match &fields[..] {
            [Value::F64(number), frequency] => {
                Some((*number, times(&count).saturating_mul(times(frequency))))
            }
            _ => None,
        },
        _ => None,
    };
    let mut numbers: Vec<(f64, usize)> =
        collected(bytes).into_iter().filter_map(weighted).collect();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut all = 0;
    for (_, upto) in &mut numbers {
        all = upto.saturating_add(all);
        *upto = all;
    }
    numbers
}

/// The number at a share of all; of two between which it lies, by the distance from each.
fn at_share(numbers: &[(f64, usize)], share: f64) -> Option<f64> {
    let (_, all) = numbers.last()?;
    // Places count from 1 on, as in Flink: rounding makes another last digit of them from 0 on.
    let place = share * (all - 1) as f64 + 1.0;
    let (below, above) = (place.floor(), place.ceil());
    let lower = numbers.partition_point(|(_, upto)| (*upto as f64) < below);
    let (low, upto) = numbers.get(lower)?;
    match numbers.get(lower + 1) {
        Some((high, _)) if (*upto as f64) < above => {
            Some((above - place) * low + (place - below) * high)
        }
        _ => Some(*low),
    }
}
