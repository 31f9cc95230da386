//! The session that changes the schema: one at a time for each database.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::guard::guard;
use super::history::{self, Recorded};
use super::migration::{Migration, known_statements};
use super::plan::Step;
use super::report::{Applied, Progress, Reverted, head, whole_milliseconds};
use super::tokens::Statement;
use crate::catalog::activity;
use crate::error::{Error, Result};
use crate::patience::{self, Patience, Stop, Watch};
use crate::store::{self, Store};

/// A connection of its own that holds the schema lock. The lock ends with the connection, however
/// that ends.
pub(super) struct Locked<'m> {
    pub(super) connection: PgConnection,
    pub(super) watch: Watch<'m>,
    pub(super) patience: Patience,
    pub(super) progress: &'m dyn Fn(Progress),
    /// The places in the history that this session has written to, committed or not: nobody else's
    /// row ever has one of them.
    pub(super) recorded: Vec<i64>,
}

/// How a step that may be refused ended.
pub(super) enum Outcome {
    Applied(Applied),
    Refused(Error),
}

impl<'m> Locked<'m> {
    pub(super) fn open(
        store: &'m Store,
        lock_wait: Duration,
        patience: Patience,
        progress: &'m dyn Fn(Progress),
    ) -> Result<Self> {
        for limit in [patience.first, patience.most] {
            store::milliseconds("Migrator", "lock_timeout", limit)?;
        }
        let waits = |holder| progress(Progress::WaitingForLock { holder });
        // The schema must not depend on the host's role.
        let settings = [patience::UNLIMITED, "SET search_path = public"].join("; ");
        let mut connection = patience::schema_session(store, &settings, lock_wait, waits)?;
        let watch = Watch::new(store, activity::own_pid(&mut connection)?);
        Ok(Self {
            connection,
            watch,
            patience: patience.within(store),
            progress,
            recorded: Vec::new(),
        })
    }

    /// Gives the lock back.
    pub(super) fn close(mut self) {
        patience::release(&mut self.connection);
    }

    pub(super) fn history(&mut self) -> Result<Vec<Recorded>> {
        history::read_on(&mut self.connection)
    }

    /// Runs a migration and records it.
    pub(super) fn apply(&mut self, step: &Step<'_>) -> Result<Outcome> {
        let migration = step.migration;
        self.tell_start(migration);
        self.tell_in_the_way(migration, &migration.up)?;
        let installs = step.installs.as_deref();
        if migration.transactional {
            let mut recorded = Vec::new();
            let run = |connection: &mut PgConnection| {
                let begin = Instant::now();
                if let Some(refusal) = run_up(connection, migration)? {
                    return Err(Stop::Refused(refusal));
                }
                let duration = begin.elapsed();
                recorded.push(record(connection, migration, installs, duration)?);
                Ok(duration)
            };
            let done = self.patiently(migration, &migration.up, run);
            self.recorded.append(&mut recorded);
            match done {
                Ok(duration) => Ok(Outcome::Applied(self.applied(migration, duration))),
                Err(Stop::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
                Err(Stop::Failed(error)) => Err(error),
            }
        } else {
            if let Some(refusal) = guard(&mut self.connection, migration)? {
                return Ok(Outcome::Refused(refusal));
            }
            let begin = Instant::now();
            self.run_alone(migration, &migration.up, "")?;
            let duration = begin.elapsed();
            let place = record(&mut self.connection, migration, installs, duration)?;
            self.recorded.push(place);
            Ok(Outcome::Applied(self.applied(migration, duration)))
        }
    }

    /// Takes a migration back and forgets it.
    pub(super) fn revert(&mut self, migration: &Migration) -> Result<Reverted> {
        self.tell_start(migration);
        self.tell_in_the_way(migration, &migration.down)?;
        let mut begin = Instant::now();
        let forget = |connection: &mut PgConnection| {
            history::forget(connection, migration)
                .map_err(|source| failed(migration, "the history could not be written", source))
        };
        let run = if migration.transactional {
            // Forgotten first: the down of the history itself drops the table.
            self.patiently(migration, &migration.down, |connection| {
                begin = Instant::now();
                forget(connection)?;
                let down = known_statements(&migration.down);
                let numbered = (1..).zip(&down);
                Ok(run_statements(connection, migration, numbered, down.len(), " of its down")?)
            })
        } else {
            self.run_alone(migration, &migration.down, " of its down")?;
            transaction(&mut self.connection, migration, |connection| Ok(forget(connection)?))
        };
        run.map_err(Stop::error)?;
        let duration = begin.elapsed();
        (self.progress)(Progress::Finished { name: migration.to_string(), duration });
        Ok(Reverted::new(migration, duration))
    }

    fn tell_start(&self, migration: &Migration) {
        (self.progress)(Progress::Started { name: migration.to_string(), kind: migration.kind });
    }

    fn applied(&self, migration: &Migration, duration: Duration) -> Applied {
        (self.progress)(Progress::Finished { name: migration.to_string(), duration });
        Applied::new(migration, duration)
    }
}

pub(super) fn transaction<T>(
    connection: &mut PgConnection,
    migration: &Migration,
    body: impl FnOnce(&mut PgConnection) -> Result<T, Stop>,
) -> Result<T, Stop> {
    patience::transaction("BEGIN", connection, |source| failed_commit(migration, source), body)
}

/// With a `lock_timeout` of its own.
pub(super) fn transaction_limited<T>(
    connection: &mut PgConnection,
    migration: &Migration,
    limit: Duration,
    body: impl FnOnce(&mut PgConnection) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let begin = patience::begin_limited(limit)?;
    patience::transaction(&begin, connection, |source| failed_commit(migration, source), body)
}

/// The statements of `up.sql` with the guard where it belongs: behind the LOCK TABLE statements
/// that it begins with, so that what the guard has seen is still so when the rest runs.
fn run_up(connection: &mut PgConnection, migration: &Migration) -> Result<Option<Error>> {
    let all = known_statements(&migration.up);
    let locks = all.iter().take_while(|statement| statement.begins(&["lock"])).count();
    let mut numbered = (1..).zip(&all);
    run_statements(connection, migration, numbered.by_ref().take(locks), all.len(), "")?;
    if let Some(refusal) = guard(connection, migration)? {
        return Ok(Some(refusal));
    }
    run_statements(connection, migration, numbered, all.len(), "")?;
    Ok(None)
}

fn run_statements<'s>(
    connection: &mut PgConnection,
    migration: &Migration,
    numbered: impl Iterator<Item = (usize, &'s Statement<'s>)>,
    of_all: usize,
    of: &str,
) -> Result<()> {
    for (number, statement) in numbered {
        connection.batch_execute(statement.text).map_err(|source| {
            failed_statement(migration, (number, of_all), of, statement.text, source)
        })?;
    }
    Ok(())
}

fn record(
    connection: &mut PgConnection,
    migration: &Migration,
    installs: Option<&[String]>,
    duration: Duration,
) -> Result<i64> {
    history::record(connection, migration, installs, whole_milliseconds(duration))
        .map_err(|source| failed(migration, "the history could not be written", source))
}

pub(super) fn failed(migration: &Migration, what: &str, source: DieselError) -> Error {
    Error::migration(&*migration.name, what, Some(source.into()))
}

pub(super) fn failed_statement(
    migration: &Migration,
    place: (usize, usize),
    of: &str,
    text: &str,
    source: DieselError,
) -> Error {
    failed(migration, &failed_words(place, of, text), source)
}

pub(super) fn failed_words((number, of_all): (usize, usize), of: &str, text: &str) -> String {
    format!("statement {number} of {of_all}{of} failed: {}", head(text))
}

fn failed_commit(migration: &Migration, source: DieselError) -> Error {
    let what = if patience::is_lost(&source) {
        "the connection was lost during COMMIT: run it again, and the history says whether there \
         is anything left to do"
    } else {
        "COMMIT was refused: nothing of it is stored"
    };
    failed(migration, what, source)
}
