//! What tests of code on PostgreSQL need: for this crate's own, and for a host's.
//!
//! * [`FaultProxy`]: a TCP proxy in front of a server that loses connections at a chosen message.

mod proxy;

pub use proxy::{At, Fault, FaultProxy, Point, Request, RequestKind};
