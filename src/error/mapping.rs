//! The one mapping from Diesel's errors.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use super::{ConstraintKind, Error, TimeoutKind};

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

/// Whether it says in English that `lock_timeout` was exceeded.
pub(crate) fn is_lock_timeout(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(_, info) => timeout(info.message()) == Some(TimeoutKind::Lock),
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
    let lost = match kind {
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => true,
        _ => is_unsent(info.message()),
    };
    if lost {
        return Error::unavailable("the connection to the database was lost", Some(source.into()));
    }
    Error::Database { source }
}

/// libpq's words where sending failed. If it could still read something, such as a notice of the
/// server's end, it takes the connection for open, and Diesel names no kind. The words are English:
/// they follow the locale of the process, which Rust leaves at C.
fn is_unsent(message: &str) -> bool {
    ["server closed the connection", "could not send data to server", "SSL SYSCALL error"]
        .iter()
        .any(|words| message.starts_with(words))
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
