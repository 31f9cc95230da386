#![doc = include_str!("../README.md")]

pub mod batch;
mod catalog;
mod commit;
mod conninfo;
pub mod cutover;
mod decimal;
pub mod diagram;
mod error;
pub mod feature_planner;
mod ident;
mod input;
mod job_name;
mod key;
#[cfg(feature = "local-server")]
pub mod local_server;
mod lock;
pub mod meal_planning;
pub mod migrate;
mod milliseconds;
pub mod modelling;
mod patience;
mod policy_index;
pub mod relocate;
mod session;
mod severity;
mod statement;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tokens;
mod transaction;
mod unit_of_work;
pub mod verify;

pub use error::{Cause, ConstraintKind, Error, Problem, Result, TimeoutKind};
pub use key::{ByTime, Listed, Page, UserId};
pub use migrate::Context;
pub use store::{Store, StoreOptions};
pub use transaction::Transaction;
pub use unit_of_work::UnitOfWork;
