//! The one error type.

mod mapping;

use std::fmt;

use diesel::result::Error as DieselError;

pub(crate) use self::mapping::{is_lock_timeout, is_retryable};

/// What every fallible call of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an [`Error`] that does not come from a statement.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Everything that can go wrong, classed by what the caller can do about it.
///
/// `Display` says *what* went wrong, [`source`](std::error::Error::source) says *why*. Neither
/// prints the DETAIL of a server error (it holds values) or a password.
///
/// Outside [`outcome_unknown`](Error::outcome_unknown), an error that leaves a unit of work means
/// that all of the unit was rolled back.
///
/// # Example
///
/// ```
/// use planwright::Error;
///
/// let error = Error::not_found("modelling::Plan", 7);
/// assert!(error.is_not_found());
/// assert!(!error.is_retryable());
/// assert_eq!(error.to_string(), "modelling::Plan 7 was not found");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is stored under this key, or nothing that this caller may see.
    #[error("{entity} {key} was not found")]
    NotFound {
        /// The kind of thing, such as `modelling::Plan`.
        entity: &'static str,
        /// The key that was asked for.
        key: String,
    },
    /// What is stored contradicts what is asked for.
    #[error("{entity} {key}: {reason}")]
    Conflict {
        /// The kind of thing.
        entity: &'static str,
        /// Its key.
        key: String,
        /// Both sides of the contradiction, in a sentence.
        reason: String,
    },
    /// The caller's copy is out of date: somebody else changed the thing in between.
    #[error("{entity} {key} has changed: {expected} was expected, {actual} is stored")]
    Stale {
        /// The kind of thing.
        entity: &'static str,
        /// Its key.
        key: String,
        /// The revision or state that the caller stated.
        expected: String,
        /// The one that is stored.
        actual: String,
    },
    /// The input breaks a rule. Nothing was sent to the server.
    #[error("{entity}.{field}: {reason}")]
    Invalid {
        /// The kind of thing, such as `modelling::NewPlanMeasure`.
        entity: &'static str,
        /// The field, with its place where there are several: `measures[3].estimated_cost`.
        field: String,
        /// The rule, and how the value breaks it. Long values are not repeated.
        reason: String,
    },
    /// What is stored is not fit for the step that was asked for; every reason at once.
    #[error("{entity} {key}: {}", problems_text(.problems))]
    Unfit {
        /// The kind of thing, such as `meal_planning::Draft`.
        entity: &'static str,
        /// Its key.
        key: String,
        /// What is wrong with it. At least one.
        problems: Vec<Problem>,
    },
    /// A constraint, unique index or constraint trigger of the database refused the work.
    #[error("{}", constraint_text(.sentence.as_deref(), .constraint, .table))]
    Constraint {
        /// Its name in the catalog, which an adopted database may have chosen itself. Empty for a
        /// column's NOT NULL.
        constraint: String,
        /// The table it stands on.
        table: String,
        /// What kind of rule it is.
        kind: ConstraintKind,
        /// The rule in words, where this crate knows the constraint.
        sentence: Option<&'static str>,
        /// The server's answer.
        source: DieselError,
    },
    /// The state machine of the thing has no such step.
    #[error("{entity} {key} cannot go from {from} to {to}")]
    InvalidTransition {
        /// The kind of thing.
        entity: &'static str,
        /// Its key.
        key: String,
        /// The state it is in.
        from: String,
        /// The state that was asked for.
        to: String,
    },
    /// Rows of this table are never changed; the database refused to.
    #[error("rows of {table} are immutable")]
    Immutable {
        /// The table.
        table: String,
        /// The server's answer.
        source: DieselError,
    },
    /// The transaction could not be put in an order with concurrent ones (SQLSTATE 40001).
    #[error("the transaction conflicts with a concurrent one")]
    Serialization {
        /// The server's answer.
        source: DieselError,
    },
    /// The server ended the transaction to break a deadlock (SQLSTATE 40P01).
    #[error("the transaction was ended to break a deadlock")]
    Deadlock {
        /// The server's answer.
        source: DieselError,
    },
    /// A limit in time was reached on the server.
    #[error("{what} was exceeded")]
    Timeout {
        /// The limit.
        what: TimeoutKind,
        /// The server's answer.
        source: DieselError,
    },
    /// The connection was lost while COMMIT was under way: the work is stored whole or not at all,
    /// and this process does not know which.
    #[error("the connection was lost during COMMIT: the work is stored whole or not at all")]
    CommitUnknown {
        /// How the connection was lost.
        source: DieselError,
    },
    /// A statement failed, the closure went on as if it had not, and the transaction was rolled
    /// back.
    #[error("a statement failed inside the unit of work, so all of it was rolled back")]
    Aborted {
        /// The last failure that was seen, or the server's refusal to commit.
        source: DieselError,
    },
    /// The transaction was ended by a statement on the raw connection. What came before that
    /// statement may be stored.
    #[error("the transaction was ended inside the unit of work; what came before may be stored")]
    ForeignTransaction,
    /// A unit of work was opened inside another one of the same store on the same thread. It would
    /// take a second connection while the first is held, and a small pool would starve.
    #[error("a unit of work is already open on this thread: pass `uow` on, or use a savepoint")]
    Nested,
    /// No connection was to be had, or it was lost outside COMMIT (the server rolls such a
    /// transaction back).
    #[error("{what}")]
    Unavailable {
        /// What was not to be had.
        what: String,
        /// Why, where known. Never holds a password.
        source: Option<Cause>,
    },
    /// A schema migration is missing, failed or was refused.
    #[error("{}{what}", migration_prefix(.version))]
    Migration {
        /// The migration, `<version>_<context>_<what>`, or empty where it is about no single one.
        version: String,
        /// What is wrong, and the call or command that helps.
        what: String,
        /// Why, where known.
        source: Option<Cause>,
    },
    /// The database does not hold what it should.
    #[error("{what}")]
    Verification {
        /// What differs.
        what: String,
    },
    /// Any other answer of the server or of Diesel.
    #[error("the database refused a statement")]
    Database {
        /// The answer.
        source: DieselError,
    },
}

/// One of the reasons of an [`Error::Unfit`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where: a field, with the keys that lead to it: `meals[<key>].name`.
    pub field: String,
    /// The rule, and how it is broken.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// The kind of a rule that the database enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// A primary key, unique constraint or unique index.
    Unique,
    /// A foreign key, in either direction.
    ForeignKey,
    /// A CHECK, or a trigger that raises `check_violation`.
    Check,
    /// A column's NOT NULL.
    NotNull,
    /// An exclusion constraint.
    Exclusion,
}

/// A limit in time that the server enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// `statement_timeout`.
    Statement,
    /// `lock_timeout`.
    Lock,
    /// `idle_in_transaction_session_timeout`.
    IdleInTransaction,
    /// `transaction_timeout` (PostgreSQL 17 and later).
    Transaction,
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statement => "statement_timeout",
            Self::Lock => "lock_timeout",
            Self::IdleInTransaction => "idle_in_transaction_session_timeout",
            Self::Transaction => "transaction_timeout",
        })
    }
}

impl Error {
    /// A [`NotFound`](Error::NotFound).
    pub fn not_found(entity: &'static str, key: impl ToString) -> Self {
        Self::NotFound { entity, key: key.to_string() }
    }

    /// A [`Conflict`](Error::Conflict).
    pub fn conflict(entity: &'static str, key: impl ToString, reason: impl Into<String>) -> Self {
        Self::Conflict { entity, key: key.to_string(), reason: reason.into() }
    }

    /// An [`Invalid`](Error::Invalid).
    pub fn invalid(
        entity: &'static str,
        field: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Invalid { entity, field: field.into(), reason: reason.into() }
    }

    /// An [`Unavailable`](Error::Unavailable).
    pub fn unavailable(what: impl Into<String>, source: impl Into<Option<Cause>>) -> Self {
        Self::Unavailable { what: what.into(), source: source.into() }
    }

    /// A [`Migration`](Error::Migration).
    pub fn migration(
        version: impl Into<String>,
        what: impl Into<String>,
        source: impl Into<Option<Cause>>,
    ) -> Self {
        Self::Migration { version: version.into(), what: what.into(), source: source.into() }
    }

    /// Whether the same unit of work, run again from its start, may succeed: the server rolled it
    /// back because of concurrent work.
    ///
    /// [`Store::write`](crate::Store::write) has already tried that a few times.
    ///
    /// ```
    /// # use planwright::Error;
    /// let source = diesel::result::Error::RollbackTransaction;
    /// assert!(Error::Deadlock { source }.is_retryable());
    /// assert!(!Error::invalid("modelling::NewPlan", "property_id", "must be positive").is_retryable());
    /// ```
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization { .. } | Self::Deadlock { .. })
    }

    /// Whether what is stored contradicts the call: read it again and decide.
    ///
    /// ```
    /// # use planwright::Error;
    /// let error = Error::conflict("cutover::Iteration", "DR 1", "runs plan A, not plan B");
    /// assert!(error.is_conflict());
    /// ```
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Stale { .. } => true,
            Self::Constraint { kind, .. } => {
                matches!(kind, ConstraintKind::Unique | ConstraintKind::Exclusion)
            }
            _ => false,
        }
    }

    /// Whether the thing asked for is not there.
    ///
    /// ```
    /// # use planwright::Error;
    /// assert!(Error::not_found("modelling::Scenario", 1).is_not_found());
    /// ```
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether this process cannot tell if the work is stored. Any other error that leaves a unit
    /// of work means: rolled back.
    ///
    /// ```
    /// # use planwright::Error;
    /// let source = diesel::result::Error::RollbackTransaction;
    /// assert!(Error::CommitUnknown { source }.outcome_unknown());
    /// assert!(Error::ForeignTransaction.outcome_unknown());
    /// assert!(!Error::Nested.outcome_unknown());
    /// ```
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Self::CommitUnknown { .. } | Self::ForeignTransaction)
    }

    /// With its reasons, as a log line tells it.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(why) = source {
            text = format!("{text}: {why}");
            source = why.source();
        }
        text
    }

    /// Adds the words for a constraint that `of` knows by its table and name.
    pub(crate) fn explain(self, of: impl Fn(&str, &str) -> Option<&'static str>) -> Self {
        match self {
            Self::Constraint { constraint, table, kind, sentence: None, source } => {
                let sentence = of(&table, &constraint);
                Self::Constraint { constraint, table, kind, sentence, source }
            }
            other => other,
        }
    }
}

fn constraint_text(sentence: Option<&str>, constraint: &str, table: &str) -> String {
    match sentence {
        Some(sentence) => sentence.to_owned(),
        None if constraint.is_empty() => format!("a column of {table} must not be null"),
        None => format!("{constraint} of {table} refuses this"),
    }
}

/// The first problems in words, and how many more there are.
fn problems_text(problems: &[Problem]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = problems.iter().take(SHOWN).map(Problem::to_string).collect();
    match problems.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn migration_prefix(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!("{version}: ") }
}
