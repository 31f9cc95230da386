//! What tests of code on PostgreSQL need: for this crate's own, and for a host's.
//!
//! * [`TestDatabase`]: a database for each test, in some 30 ms, in parallel.
//! * [`rolled_back`]: a unit of work that leaves nothing.
//! * [`FaultProxy`]: a TCP proxy in front of a server that loses connections at a chosen message.
//! * Factories, each in its context: [`modelling::factory`](crate::modelling::factory).

mod database;
mod proxy;

pub use database::{TestDatabase, rolled_back};
pub use proxy::{At, Fault, FaultProxy, Point, Request, RequestKind};
