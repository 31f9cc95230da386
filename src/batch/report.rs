//! What jobs tell: values that serialise, and print for a person.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// What the program calls it.
    pub name: String,
    /// What it is doing.
    pub phase: Phase,
    /// How often it is going over the data: 1 for the first time.
    pub pass: u32,
    /// The key behind which the next batch begins. `None` at both ends of a pass.
    pub cursor: Option<serde_json::Value>,
    /// The rows of all batches of all passes.
    pub rows_done: u64,
    /// How many rows it expected when it started.
    pub rows_estimated: Option<u64>,
    /// The most rows of the next batch.
    pub batch_size: u32,
    /// When it was begun, not when it was resumed.
    pub started_at: DateTime<Utc>,
    /// When its last batch began, or its phase changed.
    pub updated_at: DateTime<Utc>,
    /// When its verification found everything done.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed, in the phase [`Failed`](Phase::Failed).
    pub error: Option<String>,
    /// The session that runs it at this moment. A job that is running or verifying without one was
    /// interrupted.
    pub runner: Option<String>,
}

/// What a job is doing, as its row says: a runner that was killed could not write that down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Batch after batch.
    Running,
    /// It was told to stop; the next run goes on.
    Stopped,
    /// A pass has ended, and it is looked whether everything is done.
    Verifying,
    /// It met an error; the next run goes on where it was.
    Failed,
    /// Everything is done.
    Finished,
}

impl Phase {
    pub(super) const ALL: [Self; 5] =
        [Self::Running, Self::Stopped, Self::Verifying, Self::Failed, Self::Finished];

    /// Its name in `planwright.jobs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Verifying => "verifying",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Status {
    /// `12 rows of about 40`.
    pub(crate) fn rows(&self) -> String {
        match self.rows_estimated {
            Some(all) => format!("{} rows of about {all}", self.rows_done),
            None => format!("{} rows", self.rows_done),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.phase == Phase::Finished { "x" } else { " " };
        write!(f, "[{mark}] {}: {}, {}, pass {}", self.name, self.phase, self.rows(), self.pass)?;
        match (&self.runner, self.phase) {
            (Some(runner), _) => write!(f, ", by {runner}")?,
            (None, Phase::Running | Phase::Verifying) => write!(f, ", interrupted")?,
            _ => {}
        }
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

/// How a run ended that met no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Outcome {
    /// Everything is done, as of this run.
    Finished(Status),
    /// An earlier run had finished it: nothing was done and nothing looked at. See
    /// [`Runner::anew`](super::Runner::anew).
    FinishedBefore(Status),
    /// It was told to stop; the next run goes on. Where it was told so while another runner had
    /// the job, it has done nothing, and the status is as that one has written it, who is named as
    /// its [`runner`](Status::runner).
    Stopped(Status),
}

impl Outcome {
    /// How far the job is.
    pub fn status(&self) -> &Status {
        match self {
            Self::Finished(status) | Self::FinishedBefore(status) | Self::Stopped(status) => status,
        }
    }

    /// Whether the job has finished, now or before.
    pub fn is_finished(&self) -> bool {
        !matches!(self, Self::Stopped(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before =
            if matches!(self, Self::FinishedBefore(_)) { " (before this run)" } else { "" };
        write!(f, "{}{before}", self.status())
    }
}

/// What a run is doing, for [`Runner::on_progress`](super::Runner::on_progress).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// Another runner has the job. Told once.
    WaitingForRunner {
        /// The session, where it could be seen.
        holder: Option<String>,
    },
    /// The job begins.
    Started {
        /// About how many rows it will have to do.
        rows_estimated: Option<u64>,
    },
    /// The job goes on where an earlier run was.
    Resumed {
        /// The rows that were done before.
        rows_done: u64,
        /// About how many rows it expected at its start.
        rows_estimated: Option<u64>,
        /// How often it is going over the data.
        pass: u32,
    },
    /// A batch is committed.
    BatchDone {
        /// The rows of this batch.
        rows: u64,
        /// The rows of the job so far.
        rows_done: u64,
        /// How long it took, with its COMMIT. In milliseconds where it is serialised.
        #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
        duration: Duration,
        /// The most rows of the next one.
        next_size: u32,
    },
    /// A batch ran into a limit in time, was rolled back, and is tried again.
    TimedOut {
        /// The most rows that it could have.
        size: u32,
        /// The most rows of the next attempt.
        next_size: u32,
    },
    /// The job waits. Told once for each reason.
    Paused {
        /// For what.
        reason: Pause,
    },
    /// A pause is over.
    Continued {
        /// How long it was. In milliseconds where it is serialised.
        #[serde(rename = "waited_ms", serialize_with = "crate::milliseconds::serialize")]
        waited: Duration,
    },
    /// Nothing is left behind the cursor.
    PassEnded {
        /// Which pass it was.
        pass: u32,
        /// The rows of the job so far.
        rows_done: u64,
    },
    /// It is looked whether everything is done.
    Verifying,
    /// The verification wants another pass.
    AnotherPass {
        /// The one that begins.
        pass: u32,
    },
    /// The run ends as it was told to.
    Stopped {
        /// The rows of the job so far.
        rows_done: u64,
    },
    /// Everything is done.
    Finished {
        /// The rows of the job.
        rows_done: u64,
    },
}

/// What a job waits for between two batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pause {
    /// A replica has not replayed this much of the log.
    ReplicaBehind {
        /// Of the one that is furthest behind.
        bytes: u64,
    },
    /// A replica is late by this.
    ReplicaLate {
        /// Of the one that is latest. In milliseconds where it is serialised.
        #[serde(rename = "lag_ms", serialize_with = "crate::milliseconds::serialize")]
        lag: Duration,
    },
    /// Sessions of this database wait for locks.
    LocksQueue {
        /// How many.
        sessions: u64,
    },
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReplicaBehind { bytes } => write!(f, "a replica is {bytes} bytes behind"),
            Self::ReplicaLate { lag } => write!(f, "a replica is {} ms late", lag.as_millis()),
            Self::LocksQueue { sessions } => write!(f, "{sessions} sessions wait for locks"),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = |rows: &Option<u64>| rows.map_or(String::new(), |n| format!(" of about {n}"));
        match self {
            Self::WaitingForRunner { holder } => {
                write!(f, "waiting for {}", holder.as_deref().unwrap_or("another runner"))
            }
            Self::Started { rows_estimated: Some(rows) } => write!(f, "started: about {rows} rows"),
            Self::Started { rows_estimated: None } => write!(f, "started"),
            Self::Resumed { rows_done, rows_estimated, pass } => {
                write!(f, "resumed in pass {pass}: {rows_done} rows{}", about(rows_estimated))
            }
            Self::BatchDone { rows, rows_done, duration, next_size } => {
                let took = duration.as_millis();
                write!(f, "{rows_done} rows: {rows} in {took} ms, at most {next_size} next")
            }
            Self::TimedOut { size, next_size } => {
                write!(f, "a batch of at most {size} timed out: at most {next_size} next")
            }
            Self::Paused { reason } => write!(f, "paused: {reason}"),
            Self::Continued { waited } => write!(f, "continued after {} ms", waited.as_millis()),
            Self::PassEnded { pass, rows_done } => write!(f, "pass {pass} ended: {rows_done} rows"),
            Self::Verifying => write!(f, "verifying"),
            Self::AnotherPass { pass } => write!(f, "pass {pass} begins"),
            Self::Stopped { rows_done } => write!(f, "stopped: {rows_done} rows"),
            Self::Finished { rows_done } => write!(f, "finished: {rows_done} rows"),
        }
    }
}
