//! planwright

mod error;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Cause, ConstraintKind, Error, Result, TimeoutKind};
