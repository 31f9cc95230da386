//! The one integration binary. Its modules mirror `src/`.

mod dependencies;
mod faults;
mod language;
mod local_server;
mod modelling;
mod pooler;
mod proxy;
mod races;
#[path = "../shared/mod.rs"]
mod shared;
mod store;
mod support;
mod unit_of_work;
