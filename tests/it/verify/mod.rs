//! What a database holds against what it should hold.

mod accepted;
mod drift;
mod fingerprint;
mod inventory;
mod receipt;
mod rollout;
mod sanity;
