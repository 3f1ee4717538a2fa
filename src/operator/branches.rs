//! UNION ALL of branches of one stream, row by row: what a row becomes in each branch comes out
//! before what the next row becomes. Were the branches operators of their own, the rows of a batch
//! would come out branch by branch, and what depends on their order (late rows, frames, patterns)
//! on where batches end.

use std::sync::Arc;

use super::stateless::{Filter, Project};
use super::{Operator, Output, Progress};
use crate::record::{Batch, ColumnBuilder, ColumnRef, DataType, Message};

/// A step of a branch. Both leave rows at the physical places that they come in.
pub enum Stage {
    Project(Project),
    Filter(Filter),
}

/// What becomes of the rows of an input port.
pub struct Branch {
    pub port: usize,
    /// The lowest first; none: the rows as they are.
    pub stages: Vec<Stage>,
}

pub struct Branches {
    branches: Vec<Branch>,
    /// Of the columns that come out.
    types: Vec<DataType>,
}

impl Branches {
    pub fn new(branches: Vec<Branch>, types: Vec<DataType>) -> Self {
        Self { branches, types }
    }
}

impl Branch {
    /// The rows that get through; none where that is none of them.
    fn run(&mut self, batch: &Batch, out: &mut Output) -> Option<Batch> {
        let before = out.messages.len();
        self.stages.iter_mut().try_fold(batch.clone(), |batch, stage| {
            let progress = match stage {
                Stage::Project(project) => project.process(0, batch, out),
                Stage::Filter(filter) => filter.process(0, batch, out),
            };
            debug_assert_eq!(progress, Progress::Done, "a stage is through with a batch at once");
            match out.messages.len() > before {
                true => out.messages.pop().and_then(data),
                false => None,
            }
        })
    }
}

fn data(message: Message) -> Option<Batch> {
    match message {
        Message::Data(batch) => Some(batch),
        _ => None,
    }
}

impl Operator for Branches {
    fn process(&mut self, port: usize, batch: Batch, out: &mut Output) -> Progress {
        let branches = self.branches.iter_mut().filter(|branch| branch.port == port);
        let mut results: Vec<Batch> =
            branches.filter_map(|branch| branch.run(&batch, out)).collect();
        let united = match results.len() {
            0 => return Progress::Done,
            1 => results.remove(0),
            _ => interleaved(&batch, &results, &self.types),
        };
        out.emit(Batch { keys: None, ..united });
        Progress::Done
    }
}

/// The rows of all `results` by their physical place in `batch`, those of one place in the order
/// of the results.
fn interleaved(batch: &Batch, results: &[Batch], types: &[DataType]) -> Batch {
    let mut left: Vec<_> = results.iter().map(|result| result.row_ids().peekable()).collect();
    let (mut rows, mut sides) = (Vec::new(), Vec::new());
    for row in batch.row_ids() {
        for (side, next) in left.iter_mut().enumerate() {
            if next.next_if_eq(&row).is_some() {
                rows.push(row as u32);
                sides.push(side as u32);
            }
        }
    }
    let column = |(index, data_type): (usize, &DataType)| -> ColumnRef {
        let first = &results[0].columns[index];
        if results.iter().all(|result| Arc::ptr_eq(&result.columns[index], first)) {
            return Arc::new(first.gather(&rows));
        }
        let mut builder = ColumnBuilder::for_type(data_type, rows.len());
        for (&row, &side) in rows.iter().zip(&sides) {
            builder.push_from(&results[side as usize].columns[index], row as usize);
        }
        Arc::new(builder.finish())
    };
    let columns = types.iter().enumerate().map(column).collect();
    batch.picked(columns, &rows)
}
