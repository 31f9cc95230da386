//! How a unit of work ends: what each answer to COMMIT means, and what follows from none.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Nullable, Text};

use crate::catalog;
use crate::error::{Error, Result};
use crate::session::{Failure, PooledSession, Session};
use crate::store::Store;

/// What BEGIN sets for its transaction. The end of the transaction, by whatever statement, takes it
/// back.
pub(crate) const MARK: &str = "SET LOCAL planwright.unit='open'";

/// The setting that the check asks for, and that there is not, where the mark is missing. The error
/// names it in every language.
const MISSING: &str = "planwright.unit is not open";

/// Fails in an aborted transaction, in another one and in none.
macro_rules! checked {
    ($end:literal) => {
        concat!(
            "SELECT CASE current_setting('planwright.unit', true) WHEN 'open' THEN '' \
             ELSE current_setting('planwright.unit is not open') END;",
            $end
        )
    };
}

/// A transaction that did not end with a commit.
pub(crate) struct Ended {
    pub(crate) error: Error,
    /// Known to be rolled back because of concurrent work.
    pub(crate) retryable: bool,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self { error, retryable: false }
    }
}

/// Commits the transaction of a unit. With a limit to `resolve`, what became of a COMMIT
/// without an answer is found out.
pub(crate) fn commit(
    mut session: PooledSession,
    store: &Store,
    resolve: Option<Duration>,
) -> Result<(), Ended> {
    let seen = session.failures.get();
    if session.is_lost() {
        let what = "the connection was lost, and the server rolls the work back";
        return Err(Error::unavailable(what, seen.map(|seen| seen.into_error().into())).into());
    }
    let resolve = match resolve {
        Some(limit) => match Number::of(&mut session.pg) {
            Ok(number) => Some((number, limit)),
            Err(error) => {
                let retryable = roll_back(&mut session)?;
                return Err(Ended { error: refusal(error, seen), retryable });
            }
        },
        None => None,
    };
    // Where the check fails, COMMIT is not reached. PostgreSQL would answer it with ROLLBACK, or
    // with a warning, and no error.
    let Err(source) = session.execute(checked!("COMMIT")) else {
        return Ok(());
    };
    let retryable = session.failures.get().is_some_and(|failure| failure.retryable);
    let error = refusal(source, seen);
    // Where sending fails while there is something to read, libpq keeps the connection until it is
    // used again.
    let lost = session.is_lost()
        || matches!(error, Error::Unavailable { .. })
            && session.execute("ROLLBACK").is_err()
            && session.is_lost();
    match error {
        Error::Unavailable { source, .. } if lost => {
            drop(session);
            let source = source.and_then(|cause| cause.downcast().ok());
            let source = source.map_or(DieselError::BrokenTransactionManager, |error| *error);
            match resolve {
                Some((number, limit)) => Ok(resolved(store, &number, limit, source)?),
                None => Err(Error::CommitUnknown { source }.into()),
            }
        }
        error => {
            if error.outcome_unknown()
                || (!session.is_idle() && session.execute("ROLLBACK").is_err())
            {
                session.discard();
            }
            Err(Ended { error, retryable })
        }
    }
}

/// Ends the transaction of a closure that failed. Returns whether the server had rolled it back
/// because of concurrent work.
pub(crate) fn roll_back(session: &mut Session) -> Result<bool> {
    if session.is_lost() {
        return Ok(false);
    }
    if session.is_idle() {
        session.discard();
        return Err(Error::ForeignTransaction);
    }
    let seen = session.failures.get();
    // After a failure the check would only say that something failed.
    let end = if seen.is_some() { "ROLLBACK" } else { checked!("ROLLBACK") };
    if let Err(error) = session.execute(end) {
        session.discard();
        if error.to_string().contains(MISSING) {
            return Err(Error::ForeignTransaction);
        }
    }
    Ok(seen.is_some_and(|failure| failure.retryable))
}

/// What the refusal of a COMMIT, or of a release, means. `seen` is what had failed before it.
pub(crate) fn refusal(source: DieselError, seen: Option<Failure>) -> Error {
    let text = source.to_string();
    if text.contains(MISSING) {
        return Error::ForeignTransaction;
    }
    match (Error::from(source), seen) {
        (Error::Database { .. }, Some(seen)) => Error::Aborted { source: seen.into_error() },
        (Error::Database { source }, None) if text.contains("transaction is aborted") => {
            Error::Aborted { source }
        }
        (error, _) => error,
    }
}

/// The number of a transaction, and the life of the server that it was given in.
///
/// A server that crashes forgets the numbers that are not in its log yet, and gives them to others.
struct Number {
    xid: String,
    life: String,
}

impl Number {
    fn of(conn: &mut PgConnection) -> QueryResult<Self> {
        let row = (sql::<Text>("pg_current_xact_id()::text"), sql::<Text>(catalog::SERVER_LIFE));
        let (xid, life) = diesel::select(row).get_result(conn)?;
        Ok(Self { xid, life })
    }
}

/// Asks what became of a transaction until the server has decided.
fn resolved(store: &Store, number: &Number, limit: Duration, lost: DieselError) -> Result<()> {
    let deadline = Instant::now() + limit;
    let mut delays = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(2))
        .with_max_delay(Duration::from_millis(250))
        .without_max_times()
        .build();
    loop {
        // What fails here says nothing about the transaction: the next round asks again.
        let answer = state_of(store, &number.xid).ok();
        match answer.as_ref().map(|(state, life)| (state.as_deref(), *life == number.life)) {
            Some((Some("committed"), true)) => return Ok(()),
            // Ours, or another one that was given the number after a crash.
            Some((Some("committed"), false)) => return Err(Error::CommitUnknown { source: lost }),
            // Of two with one number neither has committed, or ours would be in the log.
            Some((Some("aborted"), _)) => {
                let what = "the connection was lost during COMMIT, and the server rolled the work \
                            back";
                return Err(Error::unavailable(what, Some(lost.into())));
            }
            _ => {}
        }
        let delay = delays.next().unwrap_or_default();
        if Instant::now() + delay >= deadline {
            return Err(Error::CommitUnknown { source: lost });
        }
        std::thread::sleep(delay);
    }
}

/// The state of a transaction, and the life of the server. A number that was not given yet is in
/// progress.
fn state_of(store: &Store, xid: &str) -> Result<(Option<String>, String)> {
    let mut session = store.begin("BEGIN READ ONLY")?;
    let state = sql::<(Nullable<Text>, Text)>("SELECT CASE WHEN ")
        .bind::<Text, _>(xid)
        .sql("::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status(")
        .bind::<Text, _>(xid)
        .sql("::xid8) ELSE 'in progress' END, ")
        .sql(catalog::SERVER_LIFE)
        .get_result(&mut session.pg);
    if session.execute("ROLLBACK").is_err() {
        session.discard();
    }
    Ok(state?)
}
