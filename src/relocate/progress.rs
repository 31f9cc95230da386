//! What a move is doing.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::activity::Blocker;
use crate::patience::Retry;

/// What a move is doing, for [`on_progress`](super::Relocator::on_progress).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// Another session changes the schema. Told once.
    WaitingForLock {
        /// The session, where it could be seen.
        holder: Option<String>,
    },
    /// Older transactions hold locks on what is to move: it may have to wait for them, and others
    /// behind it.
    InTheWay {
        /// The sessions, the oldest transaction first; 20 at most.
        sessions: Vec<Blocker>,
    },
    /// It did not get its locks in time. All was rolled back, and is tried again after the pause.
    Retrying {
        /// The server's answer.
        why: String,
        /// The limit of the try that failed. In milliseconds where it is serialised.
        #[serde(rename = "lock_timeout_ms", serialize_with = "crate::milliseconds::serialize")]
        lock_timeout: Duration,
        /// How long it now waits, without any lock that others need. In milliseconds where it is
        /// serialised.
        #[serde(rename = "pause_ms", serialize_with = "crate::milliseconds::serialize")]
        pause: Duration,
        /// Whom it has waited for.
        blockers: Vec<Blocker>,
    },
}

impl From<Retry> for Progress {
    fn from(Retry { why, lock_timeout, pause, blockers }: Retry) -> Self {
        Self::Retrying { why, lock_timeout, pause, blockers }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, of: &[Blocker]| {
            of.iter().try_for_each(|blocker| write!(f, "\n  {blocker}"))
        };
        match self {
            Self::WaitingForLock { holder } => {
                let who = holder.as_deref().unwrap_or("another session");
                write!(f, "waiting for {who}, which is changing the schema")
            }
            Self::InTheWay { sessions } => {
                f.write_str("older transactions are in the way of the move")?;
                list(f, sessions)
            }
            Self::Retrying { why, lock_timeout, pause, blockers } => {
                let (limit, pause) = (lock_timeout.as_millis(), pause.as_millis());
                write!(f, "the move: {why} after {limit} ms; again in {pause} ms")?;
                list(f, blockers)
            }
        }
    }
}
