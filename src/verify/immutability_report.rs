//! What a look at immutable tables has found.

use std::fmt;

use serde::Serialize;

use super::immutable::Event;
use crate::catalog::Remedy;
use crate::severity::Severity;

/// Whether the database refuses what it is to refuse. Prints as a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImmutabilityReport {
    /// What was found, table by table in the order in which they were given.
    pub checks: Vec<ImmutabilityCheck>,
}

impl ImmutabilityReport {
    /// Whether nothing of [`Severity::Error`] was found. What was not tried is none.
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(|check| check.severity < Severity::Error)
    }
}

/// One line of an [`ImmutabilityReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImmutabilityCheck {
    /// The table, with its schema.
    pub table: String,
    /// What is to be refused.
    pub event: Event,
    /// What was found.
    pub finding: ImmutabilityFinding,
    /// How bad that is.
    pub severity: Severity,
    /// What to do.
    pub remedy: Remedy,
}

/// What an [`Immutability`](super::Immutability) finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImmutabilityFinding {
    /// It was tried, and refused.
    Refused {
        /// In replica mode, too.
        in_replica_mode: bool,
    },
    /// It was not tried.
    NotTried {
        /// In replica mode alone.
        in_replica_mode: bool,
        /// Why not.
        why: String,
    },
    /// The table is not to be there yet.
    Waits {
        /// The version of the migration that makes it.
        for_migration: &'static str,
    },
    /// The table is not there.
    NoTable,
    /// No trigger for whatever is changed calls the function.
    NoTrigger {
        /// The function.
        function: &'static str,
    },
    /// The trigger does not fire in each mode.
    Switched {
        /// The trigger.
        trigger: String,
        /// What ALTER TABLE was told of it: `DISABLE`, `ENABLE`, `ENABLE REPLICA`.
        state: &'static str,
    },
    /// It was tried, and done. It was taken back.
    LetThrough {
        /// In replica mode.
        in_replica_mode: bool,
    },
    /// It was tried, and something else than the trigger stood against it.
    Otherwise {
        /// In replica mode.
        in_replica_mode: bool,
        /// What the server said.
        error: String,
    },
    /// Somebody else than the owner may do it, as far as privileges go.
    Granted {
        /// The role; `PUBLIC` for everybody.
        role: String,
        /// Such as `UPDATE (name)`.
        privilege: String,
        /// What the trigger lets through, so that there is a use for it.
        exception: Option<&'static str>,
    },
}

impl ImmutabilityFinding {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Refused { .. }
            | Self::NotTried { .. }
            | Self::Waits { .. }
            | Self::Granted { exception: Some(_), .. } => Severity::Note,
            Self::Granted { exception: None, .. } => Severity::Warning,
            Self::NoTable
            | Self::NoTrigger { .. }
            | Self::Switched { .. }
            | Self::LetThrough { .. }
            | Self::Otherwise { .. } => Severity::Error,
        }
    }
}

/// Behind the words for a try.
fn mode(in_replica_mode: bool) -> &'static str {
    if in_replica_mode { " in replica mode" } else { "" }
}

impl fmt::Display for ImmutabilityFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { in_replica_mode: false } => f.write_str("is refused"),
            Self::Refused { in_replica_mode: true } => {
                f.write_str("is refused, in replica mode too")
            }
            Self::NotTried { in_replica_mode, why } => {
                write!(f, "not tried{}: {why}", mode(*in_replica_mode))
            }
            Self::Waits { for_migration } => write!(f, "waits for migration {for_migration}"),
            Self::NoTable => f.write_str("there is no such table"),
            Self::NoTrigger { function } => write!(f, "no trigger calls {function}"),
            Self::Switched { trigger, state } => write!(f, "trigger {trigger} is at {state}"),
            Self::LetThrough { in_replica_mode } => {
                write!(f, "is let through{}", mode(*in_replica_mode))
            }
            Self::Otherwise { in_replica_mode, error } => {
                write!(f, "is not refused by its trigger{}: {error}", mode(*in_replica_mode))
            }
            Self::Granted { role, privilege, exception: None } => {
                write!(f, "{role} has {privilege}, which is of no use")
            }
            Self::Granted { role, privilege, exception: Some(exception) } => {
                write!(f, "{role} has {privilege}: for {exception}")
            }
        }
    }
}

impl fmt::Display for ImmutabilityCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, event, finding, severity, remedy } = self;
        match (finding, severity) {
            (ImmutabilityFinding::Refused { .. }, _) => f.write_str("[x] ")?,
            (_, Severity::Note) => f.write_str("[-] ")?,
            (_, severity) => write!(f, "[ ] {severity}: ")?,
        }
        if let ImmutabilityFinding::Waits { .. } = finding {
            return write!(f, "{table} {finding}");
        }
        write!(f, "{table}: {event} {finding}{remedy}")
    }
}

impl fmt::Display for ImmutabilityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checks.iter().try_for_each(|check| writeln!(f, "{check}"))
    }
}
