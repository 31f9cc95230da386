//! What the ordinary and the large tests have in common. The large ones do more of it.

pub(crate) mod committers;
pub(crate) mod crash;
pub(crate) mod crowd;
pub(crate) mod pgbouncer;
pub(crate) mod race;
pub(crate) mod version;
pub(crate) mod watch;
