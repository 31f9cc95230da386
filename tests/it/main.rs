//! The one integration binary; its modules mirror `src/`.

mod dependencies;
mod local_server;
