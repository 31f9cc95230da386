//! Contenders that take turns, and what becomes of their times.
//!
//! A goal is always a ratio between two contenders of one race. Machines differ and are busy with
//! other things; both contenders meet the same machine in the same seconds.

mod document;
mod figures;
mod plot;
mod race;
/// The crate's own prepared statements, for the references to be as fast as can be.
#[path = "../../src/statement.rs"]
mod statement;
mod through;

pub(crate) use document::document;
pub(crate) use figures::{Figures, Goal, Ratio};
pub(crate) use race::{Race, Times, timed};
pub(crate) use statement::Statement;
pub(crate) use through::{Latency, round_trips, said};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
