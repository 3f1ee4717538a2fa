//! The load generator.

pub mod events;
