//! planwright

mod error;
#[cfg(feature = "local-server")]
pub mod local_server;

pub use error::{Cause, ConstraintKind, Error, Result, TimeoutKind};
