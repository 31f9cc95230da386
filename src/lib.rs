//! planwright

mod error;

pub use error::{Cause, ConstraintKind, Error, Result, TimeoutKind};
