//! The one integration binary. Its modules mirror `src/`.

mod architecture;
mod conventions;
mod dependencies;
mod local_server;
mod modelling;
mod proxy;
mod schema;
mod store;
mod support;
mod unit_of_work;
