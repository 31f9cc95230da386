//! What a database holds against what it should hold.

mod fingerprint;
mod sanity;
