//! The job language: text in, plan out.

pub mod plan;
