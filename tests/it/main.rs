//! The one integration binary. Its modules mirror `src/`.

mod dependencies;
mod examples;
mod local_server;
mod modelling;
mod proxy;
mod store;
mod support;
mod unit_of_work;
