//! The one integration binary; its modules mirror `src/`.

mod local_server;
mod migrate;
