//! The schemas of a table's records, as a registry has to know them before the first is written.

use super::{Layout, PAUSE, PAUSE_MAX};
use crate::record::format::{Encoder, Format, Part, Side, schema_of};
use crate::registry::{Registry, Trouble};
use crate::sink::SinkContext;
use crate::sink::pauses::Pauses;
use crate::sql::plan::Table;

/// Gives the sides of a record the ids of their schemas. Waits for the registry.
pub fn register(
    table: &Table,
    topic: &str,
    layout: &mut Layout,
    context: &SinkContext,
) -> Result<(), String> {
    let parts = table.parts()?;
    let told = |reason: String| format!("table `{}`: {reason}", table.name);
    if let (Some(part), Some(side)) = (&parts.key, &mut layout.key) {
        of_part(part, (topic, Side::Key), &mut side.encoder, context).map_err(told)?;
    }
    of_part(&parts.value, (topic, Side::Value), &mut layout.value.encoder, context).map_err(told)
}

fn of_part(
    part: &Part,
    (topic, side): (&str, Side),
    encoder: &mut Encoder,
    context: &SinkContext,
) -> Result<(), String> {
    let Format::Avro(Some(options)) = &part.format else { return Ok(()) };
    let (registry, schema) = (Registry::new(options)?, schema_of(&part.fields)?);
    let subject = options.subject(topic, side);
    let mut pauses = Pauses::new(PAUSE, PAUSE_MAX);
    loop {
        match registry.register(&subject, &schema) {
            Ok(id) => {
                pauses.over(context);
                encoder.set_schema(id);
                return Ok(());
            }
            Err(Trouble::Refused(reason)) => {
                return Err(format!(
                    "the schema of its columns is not taken as subject '{subject}': {reason}"
                ));
            }
            Err(Trouble::Passing(reason)) => {
                let problem =
                    format!("waits for the schema registry, subject '{subject}': {reason}");
                pauses.rest(problem, context)?;
            }
        }
    }
}
