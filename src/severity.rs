//! How bad something is that a check has found.

use std::fmt;

use serde::Serialize;

/// How bad a finding is: what breaks an [`Invariant`](crate::verify::Invariant), or a
/// [`Difference`](crate::verify::Difference) of the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// To be cleaned up.
    Warning,
    /// Data is wrong, or what this crate does can fail or make it so.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
