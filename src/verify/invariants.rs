//! Rules, each declared once: as the constraint that enforces it, the statement that finds what
//! breaks it, and the sentence that explains a refusal.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

pub use crate::catalog::{Catalog, Delta, Object, ObjectKind, ObjectName, Properties, Scope};
use crate::error::Result;
use crate::unit_of_work::UnitOfWork;

/// A rule that holds for every row of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Invariant {
    /// Its name: that of the constraint or index that enforces it, else one of its own.
    pub name: &'static str,
    /// The rule, as the sentence that a caller gets who breaks it.
    pub sentence: &'static str,
    /// Whether a constraint, index or trigger of this name enforces it.
    pub enforced: bool,
    /// How bad a violator is.
    pub severity: Severity,
    /// A query that lists violators, one text column each: their keys. Reads only.
    pub violators: &'static str,
}

/// How bad the violation of an [`Invariant`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// To be cleaned up.
    Warning,
    /// Data is wrong.
    Error,
}

/// What breaks an [`Invariant`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub invariant: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How many violators there are.
    pub count: usize,
    /// The keys of some of them.
    pub sample: Vec<String>,
}

const SAMPLE: usize = 10;

#[derive(QueryableByName)]
struct Violator {
    #[diesel(sql_type = Text)]
    violator: String,
}

/// Looks for violators, a statement for each invariant. Empty where all of them hold.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) where a table is not there.
pub fn invariants(uow: &mut UnitOfWork<'_>, of: &[Invariant]) -> Result<Vec<Violation>> {
    let mut broken = Vec::new();
    for invariant in of {
        let found: Vec<Violator> = diesel::sql_query(invariant.violators).load(uow.connection())?;
        if !found.is_empty() {
            broken.push(Violation {
                invariant: invariant.name,
                severity: invariant.severity,
                count: found.len(),
                sample: found.into_iter().take(SAMPLE).map(|row| row.violator).collect(),
            });
        }
    }
    Ok(broken)
}
