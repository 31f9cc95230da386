//! What the runner tells: values that serialise, and print for a person.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::context::Context;
use super::history::Recorded;
use super::migration::{Kind, Migration};
use crate::catalog::activity::Blocker;
use crate::error::{Error, Result};

impl FromStr for Context {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|context| context.name() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|context| context.name()).collect();
            Error::invalid("Context", "name", format!("must be one of {}", names.join(", ")))
        })
    }
}

impl Serialize for Context {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How the database and this release compare, within the chosen contexts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Whether there is anything to do.
    pub state: State,
    /// What is applied, in the order of application.
    pub applied: Vec<Recorded>,
    /// The names of held migrations that wait to be asked for.
    pub held: Vec<String>,
    /// The names of other migrations that wait, as they need one that is held.
    pub waiting: Vec<String>,
}

/// The state of the schema. The first that holds, in this order: tampered, behind, ahead, current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Nothing is pending.
    Current,
    /// [`up`](super::Migrator::up) has work to do.
    Behind {
        /// The names of the migrations that it would run, in this order.
        pending: Vec<String>,
    },
    /// A later release has changed the schema, as happens during a rolling deploy.
    Ahead {
        /// The names of the migrations that this release does not have.
        unknown: Vec<String>,
    },
    /// What was applied is not what this release has: a released migration was edited or deleted.
    Tampered {
        /// The versions.
        versions: Vec<String>,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Current => writeln!(f, "current")?,
            State::Behind { pending } => writeln!(f, "behind by {}", pending.len())?,
            State::Ahead { unknown } => writeln!(f, "ahead by {}", unknown.len())?,
            State::Tampered { versions } => writeln!(f, "tampered: {}", versions.join(", "))?,
        }
        let (mut pending, mut unknown) = (&[][..], &[][..]);
        match &self.state {
            State::Behind { pending: names } => pending = names,
            State::Ahead { unknown: names } => unknown = names,
            _ => {}
        }
        for row in &self.applied {
            let later = if unknown.contains(&row.name) { " (of a later release)" } else { "" };
            let adopted = if row.adopted { " (adopted)" } else { "" };
            writeln!(f, "[x] {}{adopted}{later}", row.name)?;
        }
        for name in pending {
            writeln!(f, "[ ] {name}")?;
        }
        for name in &self.waiting {
            writeln!(f, "[ ] {name} (needs a held one)")?;
        }
        for name in &self.held {
            writeln!(f, "[ ] {name} (held: runs when asked for)")?;
        }
        Ok(())
    }
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Applied {
    /// The name of the folder.
    pub name: String,
    /// The timestamp of the folder, 14 digits.
    pub version: String,
    /// Its context.
    pub context: Context,
    /// Its kind.
    pub kind: Kind,
    /// How long its statements took. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
    pub duration: Duration,
}

/// A migration that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reverted {
    /// The name of the folder.
    pub name: String,
    /// The timestamp of the folder, 14 digits.
    pub version: String,
    /// Its context.
    pub context: Context,
    /// Its kind.
    pub kind: Kind,
    /// How long its statements took. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
    pub duration: Duration,
}

impl Applied {
    pub(super) fn new(migration: &Migration, duration: Duration) -> Self {
        let Migration { name, version, context, kind, .. } = migration;
        let (name, version) = (name.to_string(), version.clone());
        Self { name, version, context: *context, kind: *kind, duration }
    }
}

impl Reverted {
    pub(super) fn new(migration: &Migration, duration: Duration) -> Self {
        let Applied { name, version, context, kind, duration } = Applied::new(migration, duration);
        Self { name, version, context, kind, duration }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "applied {} in {} ms", self.name, self.duration.as_millis())
    }
}

impl fmt::Display for Reverted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "took {} back in {} ms", self.name, self.duration.as_millis())
    }
}

/// What the runner is doing, for [`on_progress`](super::Migrator::on_progress).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// Another runner holds the lock. Told once.
    WaitingForLock {
        /// The session, where it could be seen.
        holder: Option<String>,
    },
    /// A migration begins, or its down.
    Started {
        /// The name of the folder.
        name: String,
        /// Its kind.
        kind: Kind,
    },
    /// Before the statements of a migration, or of its down: older transactions hold locks on
    /// relations that it names. It may have to wait for them, and others behind it; a transaction
    /// that only reads is in the way of ACCESS EXCLUSIVE alone. Or, while an index is built or
    /// dropped concurrently: the sessions that it waits for, whenever they change.
    InTheWay {
        /// The name of the folder.
        name: String,
        /// The sessions, the oldest transaction first; 20 at most.
        sessions: Vec<Blocker>,
    },
    /// A migration, or its down, did not get a lock in time, or was ended to break a deadlock. All
    /// of it was rolled back, and is tried again after the pause.
    Retrying {
        /// The name of the folder.
        name: String,
        /// The server's answer.
        why: String,
        /// The limit of the try that failed. In milliseconds where it is serialised.
        #[serde(rename = "lock_timeout_ms", serialize_with = "crate::milliseconds::serialize")]
        lock_timeout: Duration,
        /// How long the runner now waits, without any lock that others need. In milliseconds where
        /// it is serialised.
        #[serde(rename = "pause_ms", serialize_with = "crate::milliseconds::serialize")]
        pause: Duration,
        /// Whom it has waited for; where it was over before they were seen, the older sessions
        /// that have locked what it names.
        blockers: Vec<Blocker>,
    },
    /// An INVALID index, left by an attempt that failed or died, was dropped.
    DroppedInvalidIndex {
        /// The migration that builds it.
        name: String,
        /// The index.
        index: String,
    },
    /// A migration, or its down, is done.
    Finished {
        /// The name of the folder.
        name: String,
        /// How long its statements took. In milliseconds where it is serialised.
        #[serde(rename = "duration_ms", serialize_with = "crate::milliseconds::serialize")]
        duration: Duration,
    },
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
            Self::Started { name, kind } => write!(f, "{name} ({kind}) begins"),
            Self::InTheWay { name, sessions } => {
                write!(f, "{name}: older transactions are in its way")?;
                list(f, sessions)
            }
            Self::Retrying { name, why, lock_timeout, pause, blockers } => {
                let (limit, pause) = (lock_timeout.as_millis(), pause.as_millis());
                write!(f, "{name}: {why} after {limit} ms; again in {pause} ms")?;
                list(f, blockers)
            }
            Self::DroppedInvalidIndex { name, index } => {
                write!(f, "{name}: dropped {index}, which an attempt that died has left INVALID")
            }
            Self::Finished { name, duration } => {
                write!(f, "{name} took {} ms", duration.as_millis())
            }
        }
    }
}

/// As the history stores it.
pub(super) fn whole_milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The beginning of a statement, on one line.
pub(super) fn head(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    let head: String = line.chars().take(80).collect();
    if head.len() < line.len() { format!("{head}…") } else { head }
}
