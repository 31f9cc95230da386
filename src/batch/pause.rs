//! When a job waits for others.

use std::time::Duration;

use super::report::Pause;

/// What is more than a job may add to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) replica_bytes: Option<u64>,
    pub(super) replica_lag: Option<Duration>,
    pub(super) waiting: Option<u64>,
    /// How long a pause may last.
    pub(super) patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            replica_bytes: Some(64 << 20),
            replica_lag: Some(Duration::from_secs(10)),
            waiting: Some(5),
            patience: Duration::from_secs(3_600),
        }
    }
}

/// How the server and its replicas are doing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    /// Of the replica that is furthest behind.
    pub(super) replica_bytes: u64,
    /// Of the replica that is latest.
    pub(super) replica_lag: Duration,
    /// Sessions of this database that wait for a lock.
    pub(super) waiting: u64,
}

impl Limits {
    /// Whether there is anything to look at.
    pub(super) fn are_any(&self) -> bool {
        self.replica_bytes.is_some() || self.replica_lag.is_some() || self.waiting.is_some()
    }

    /// The first reason to wait.
    pub(super) fn reason(&self, load: &Load) -> Option<Pause> {
        let Load { replica_bytes: bytes, replica_lag: lag, waiting: sessions } = *load;
        if self.replica_bytes.is_some_and(|most| bytes > most) {
            Some(Pause::ReplicaBehind { bytes })
        } else if self.replica_lag.is_some_and(|most| lag > most) {
            Some(Pause::ReplicaLate { lag })
        } else if self.waiting.is_some_and(|most| sessions > most) {
            Some(Pause::LocksQueue { sessions })
        } else {
            None
        }
    }
}
