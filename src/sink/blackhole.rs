//! Takes everything and keeps nothing.

use std::sync::Arc;

use super::{Sink, SinkContext};
use crate::record::Batch;
use crate::sql::plan::Table;

struct Blackhole;

pub fn open(
    _table: Arc<Table>,
    _zone: jiff::tz::TimeZone,
    _context: SinkContext,
) -> Result<Box<dyn Sink>, String> {
    Ok(Box::new(Blackhole))
}

impl Sink for Blackhole {
    fn write(&mut self, _batch: &Batch) -> Result<(), String> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }
}
