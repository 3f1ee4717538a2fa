//! Every scalar function in one place.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {}
