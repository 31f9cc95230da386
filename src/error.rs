//! The one error type, and the one mapping from Diesel to it.

use std::fmt;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

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
    /// A constraint, unique index or constraint trigger of the database refused the work.
    #[error("{}", constraint_text(.sentence.as_deref(), .constraint, .table))]
    Constraint {
        /// Its name in the catalog. Empty for a column's NOT NULL.
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

    /// Adds the words for a constraint that `sentence` knows by name.
    pub(crate) fn explain(self, of: impl Fn(&str) -> Option<&'static str>) -> Self {
        match self {
            Self::Constraint { constraint, table, kind, sentence: None, source } => {
                let sentence = of(&constraint);
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

fn migration_prefix(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!("{version}: ") }
}

impl From<DieselError> for Error {
    fn from(source: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        let DieselError::DatabaseError(kind, info) = &source else {
            return match source {
                DieselError::NotFound => Self::not_found("row", "asked for"),
                source => Self::Database { source },
            };
        };
        let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
        let (constraint, table) = (text(info.constraint_name()), text(info.table_name()));
        let kind = match kind {
            Kind::SerializationFailure => return Self::Serialization { source },
            // Our own triggers refuse changes to rows that never change, and say so in the name.
            Kind::RestrictViolation if constraint.ends_with("_immutable") => {
                return Self::Immutable { table, source };
            }
            // RESTRICT is 23503 up to PostgreSQL 17 and 23001 from 18 on.
            Kind::ForeignKeyViolation | Kind::RestrictViolation => ConstraintKind::ForeignKey,
            Kind::UniqueViolation => ConstraintKind::Unique,
            Kind::CheckViolation => ConstraintKind::Check,
            Kind::NotNullViolation => ConstraintKind::NotNull,
            Kind::ExclusionViolation => ConstraintKind::Exclusion,
            _ => return unnamed(source),
        };
        Self::Constraint { constraint, table, kind, sentence: None, source }
    }
}

/// Whether the server rolled the transaction back because of concurrent work: 40001 or 40P01.
pub(crate) fn is_retryable(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => is_deadlock(info.as_ref()),
        _ => false,
    }
}

/// What Diesel reports without its SQLSTATE: deadlocks, timeouts, lost connections.
fn unnamed(source: DieselError) -> Error {
    let DieselError::DatabaseError(kind, info) = &source else {
        return Error::Database { source };
    };
    if is_deadlock(info.as_ref()) {
        return Error::Deadlock { source };
    }
    if let Some(what) = timeout(info.message()) {
        return Error::Timeout { what, source };
    }
    match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            Error::unavailable("the connection to the database was lost", Some(source.into()))
        }
        _ => Error::Database { source },
    }
}

/// A deadlock's DETAIL names, in every language, a circle of processes that wait for each other,
/// a line for each: the first number of a line waits for the last one.
fn is_deadlock(info: &dyn DatabaseErrorInformation) -> bool {
    let Some(detail) = info.details() else { return false };
    let edges: Option<Vec<(u64, u64)>> = detail.lines().map(first_and_last_number).collect();
    let Some(edges) = edges else { return false };
    let closed = |from: fn(&(u64, u64)) -> u64, to: fn(&(u64, u64)) -> u64| {
        (0..edges.len()).all(|i| to(&edges[i]) == from(&edges[(i + 1) % edges.len()]))
    };
    edges.len() >= 2 && (closed(|e| e.0, |e| e.1) || closed(|e| e.1, |e| e.0))
}

fn first_and_last_number(line: &str) -> Option<(u64, u64)> {
    let mut numbers = line
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(str::parse);
    let first = numbers.next()?.ok()?;
    Some((first, numbers.next_back()?.ok()?))
}

/// English text, which the store asks the server for (`lc_messages`) where its role may. In any
/// other language a timeout is [`Error::Database`].
fn timeout(message: &str) -> Option<TimeoutKind> {
    let is = |text| message.contains(text);
    if is("canceling statement due to lock timeout") {
        Some(TimeoutKind::Lock)
    } else if is("canceling statement due to statement timeout") {
        Some(TimeoutKind::Statement)
    } else if is("terminating connection due to idle-in-transaction timeout") {
        Some(TimeoutKind::IdleInTransaction)
    } else if is("terminating connection due to transaction timeout") {
        Some(TimeoutKind::Transaction)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Info(&'static str);

    impl DatabaseErrorInformation for Info {
        fn message(&self) -> &'static str {
            "?"
        }
        fn details(&self) -> Option<&str> {
            Some(self.0)
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    #[test]
    fn a_circle_of_processes_is_a_deadlock_in_any_language() {
        let english = "Process 41 waits for ShareLock on transaction 777; blocked by process 42.\n\
                       Process 42 waits for ShareLock on transaction 778; blocked by process 41.";
        let german = "Prozess 41 wartet auf ShareLock-Sperre auf Transaktion 777; blockiert von \
                      Prozess 43.\nProzess 43 wartet auf ShareLock-Sperre auf Tupel (0,1) in \
                      Relation 9; blockiert von Prozess 41.";
        assert!(is_deadlock(&Info(english)));
        assert!(is_deadlock(&Info(german)));
        for other in ["", "Key (id)=(7) already exists.", "1 2\n3 4", "Process 1 and 1", "7 7"] {
            assert!(!is_deadlock(&Info(other)), "{other}");
        }
    }
}
