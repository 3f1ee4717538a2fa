//! The schemas of a table's records, as a registry has to know them before the first is written.

use super::{Layout, PAUSE, PAUSE_MAX};
use crate::record::format::{Encoder, Format, Part, Side, schema_of};
use crate::registry::{Registry, Trouble};
use crate::sink::SinkContext;
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
    let (mut pause, mut said) = (PAUSE, false);
    loop {
        let reason = match registry.register(&subject, &schema) {
            Ok(id) => {
                context.set_problem(None);
                encoder.set_schema(id);
                return Ok(());
            }
            Err(Trouble::Refused(reason)) => {
                return Err(format!(
                    "the schema of its columns is not taken as subject '{subject}': {reason}"
                ));
            }
            Err(Trouble::Passing(reason)) => format!("subject '{subject}': {reason}"),
        };
        if context.stopping() {
            return Err(reason);
        }
        if !std::mem::replace(&mut said, true) {
            tracing::warn!("waits for the schema registry: {reason}");
        }
        context.set_problem(Some(reason));
        std::thread::sleep(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
