//! What a database holds against what it should hold.

mod drift;
mod fingerprint;
mod inventory;
mod rollout;
mod sanity;
