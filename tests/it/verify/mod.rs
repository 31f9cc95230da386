//! What a database holds against what it should hold.

mod sanity;
