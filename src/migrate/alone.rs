//! A migration without a transaction: what an attempt that died has left of it, and the next one.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;

use super::locked::{Locked, failed, failed_statement};
use super::migration::{ConcurrentIndex, Migration, known_statements};
use super::report::Progress;
use crate::catalog;
use crate::error::{Error, Result};

/// Nobody need be told of shorter waits.
const PATIENCE: Duration = Duration::from_millis(500);

impl Locked<'_> {
    /// Runs the one statement of a migration without a transaction, after clearing away what an
    /// attempt that died has left of it.
    pub(super) fn run_alone(&mut self, migration: &Migration, sql: &str, of: &str) -> Result<()> {
        let all = known_statements(sql);
        let statement = all.first().expect("a migration was checked when it was read");
        let index = ConcurrentIndex::of(statement);
        // It waits for old transactions, and nobody waits for it: the host's limit, which is made
        // for locks that others queue behind, would only make it fail.
        self.connection.batch_execute("SET lock_timeout = 0")?;
        let built = match &index {
            Some(index) => self.is_built(migration, index)?,
            None => false,
        };
        if !built && let Err(source) = self.execute_alone(migration, statement.text) {
            let error = failed_statement(migration, (1, 1), of, statement.text, source);
            // An INVALID index costs every writer, and a unique one still refuses rows. Where it
            // cannot be dropped now, as the connection is gone, the next run does it.
            return match index.map(|index| (self.is_built(migration, &index), index)) {
                Some((Err(also), index)) => Err(left_behind(error, &index, &also)),
                _ => Err(error),
            };
        }
        Ok(self.connection.batch_execute("RESET lock_timeout")?)
    }

    /// Executes the statement, and tells whom it waits for: any transaction of the database that
    /// is older than it, whatever that one has touched.
    fn execute_alone(&mut self, migration: &Migration, sql: &str) -> QueryResult<()> {
        let (progress, mut told) = (self.progress, Vec::new());
        let work = |connection: &mut PgConnection| connection.batch_execute(sql);
        self.watched(PATIENCE, work, |now| {
            let pids: Vec<_> = now.iter().map(|blocker| blocker.pid).collect();
            if pids != told {
                progress(Progress::InTheWay { name: migration.to_string(), sessions: now });
                told = pids;
            }
        })
    }

    /// Whether the index stands there already: built by a run that died before it could say so.
    /// An INVALID one, of a run that died earlier, is dropped.
    fn is_built(&mut self, migration: &Migration, wanted: &ConcurrentIndex) -> Result<bool> {
        let connection = &mut self.connection;
        let Some(found) = catalog::index(connection, &wanted.table, &wanted.name)? else {
            return Ok(false);
        };
        if let Some(pid) = found.builder {
            let what = format!("index {} is being built by process {pid}", found.name);
            return Err(Error::migration(&*migration.name, what, None));
        }
        if !found.valid {
            connection.batch_execute(&format!("DROP INDEX CONCURRENTLY {}", found.name))?;
            let name = migration.to_string();
            (self.progress)(Progress::DroppedInvalidIndex { name, index: found.name });
            return Ok(false);
        }
        let twin = self.twin(migration, wanted, &found.schema)?;
        if twin.is_some_and(|twin| {
            (twin.unique, twin.definition) == (found.unique, found.definition.clone())
        }) {
            return Ok(true);
        }
        let what =
            format!("index {} exists with another definition: drop it or rename it", found.name);
        Err(Error::migration(&*migration.name, what, None))
    }

    /// What the server makes of the statement on an empty copy of the table, which nobody sees. It
    /// stands in the table's schema, for whoever may build an index may make a table there; not
    /// every role may make a temporary one.
    fn twin(
        &mut self,
        migration: &Migration,
        wanted: &ConcurrentIndex,
        schema: &str,
    ) -> Result<Option<catalog::Index>> {
        type Manager = AnsiTransactionManager;
        let ConcurrentIndex { name, table, definition, unique } = wanted;
        let unique = if *unique { "UNIQUE" } else { "" };
        let copy = format!("{schema}.planwright_twin");
        let sql = format!(
            "CREATE TABLE {copy} (LIKE {table});
             CREATE {unique} INDEX planwright_twin_ix ON {copy} {definition}"
        );
        let connection = &mut self.connection;
        Manager::begin_transaction(connection)?;
        let made = connection.batch_execute(&sql).map_err(|source| {
            let what = format!(
                "index {name} is there already, and could not be compared with what the statement \
                 makes: that needs SELECT on {table} and CREATE on schema {schema}"
            );
            failed(migration, &what, source)
        });
        let twin = made.and_then(|()| catalog::index(connection, &copy, "planwright_twin_ix"));
        let rolled_back = Manager::rollback_transaction(connection);
        let twin = twin?;
        rolled_back?;
        Ok(twin)
    }
}

/// Adds to the error of a statement that what it may have left could not be cleared away.
fn left_behind(error: Error, index: &ConcurrentIndex, also: &Error) -> Error {
    let Error::Migration { version, what, source } = error else { return error };
    let what = format!(
        "{what}. It may have left index {} INVALID ({also}): the next run drops it",
        index.name
    );
    Error::Migration { version, what, source }
}
