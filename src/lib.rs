//! planwright

mod catalog;
mod conninfo;
mod error;
mod ident;
#[cfg(feature = "local-server")]
pub mod local_server;
mod lock;
pub mod migrate;
mod session;
mod store;
mod unit_of_work;

pub use error::{Cause, ConstraintKind, Error, Result, TimeoutKind};
pub use migrate::Context;
pub use store::{Store, StoreOptions};
pub use unit_of_work::{Transaction, UnitOfWork};
