//! The one integration binary. Its modules mirror `src/`.

mod local_server;
mod proxy;
