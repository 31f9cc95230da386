//! What a database holds against what it should hold.

mod drift;
mod inventory;
mod sanity;
