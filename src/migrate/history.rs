//! `planwright.migrations`: what was applied.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::Serialize;

use super::checksum::checksum;
use super::migration::Migration;
use crate::catalog;
use crate::error::{Error, Result};
use crate::store::Store;

diesel::table! {
    planwright.migrations (seq) {
        seq -> BigInt,
        version -> Text,
        context -> Text,
        kind -> Text,
        name -> Text,
        checksum -> Binary,
        adopted -> Bool,
        installs -> Nullable<Array<Text>>,
        applied_at -> Timestamptz,
        applied_by -> Text,
        duration_ms -> BigInt,
    }
}

/// A row of the history. Context and kind are text, as a later release may have written them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = migrations)]
#[non_exhaustive]
pub struct Recorded {
    /// The order of application.
    pub seq: i64,
    /// The timestamp of the folder, 14 digits.
    pub version: String,
    /// The name of the context.
    pub context: String,
    /// `baseline`, `expand` or `held`.
    pub kind: String,
    /// The name of the folder.
    pub name: String,
    /// One byte for the rule, then what it computed.
    #[serde(skip)]
    pub(super) checksum: Vec<u8>,
    /// Whether the database had its objects already: they belong to the host.
    pub adopted: bool,
    /// On the first row of a context: the held steps that belong to the same installation.
    #[serde(skip)]
    pub(super) installs: Option<Vec<String>>,
    /// When its transaction began; without one, when it ended.
    pub applied_at: DateTime<Utc>,
    /// The database role.
    pub applied_by: String,
    /// How long its statements took, in milliseconds.
    pub duration_ms: i64,
}

/// The history, oldest first, in one query where there is one. Empty where it is not installed.
pub(super) fn read(store: &Store) -> Result<Vec<Recorded>> {
    match store.read(|uow| rows(uow.connection())) {
        // The error of a missing table has no kind of its own, and its text has many languages.
        Err(Error::Database { .. }) => {
            if store.read(|uow| is_installed(uow.connection()))? {
                // Installed in between, or the error was another one, and comes again.
                store.read(|uow| rows(uow.connection()))
            } else {
                Ok(Vec::new())
            }
        }
        read => read,
    }
}

/// The same on a connection, which may not be in a transaction.
pub(super) fn read_on(connection: &mut PgConnection) -> Result<Vec<Recorded>> {
    if is_installed(connection)? { rows(connection) } else { Ok(Vec::new()) }
}

/// The versions that are applied, of every context. `None` where there is no history.
pub(crate) fn applied_versions(connection: &mut PgConnection) -> Result<Option<Vec<String>>> {
    if !is_installed(connection)? {
        return Ok(None);
    }
    Ok(Some(migrations::table.select(migrations::version).load(connection)?))
}

fn is_installed(connection: &mut PgConnection) -> Result<bool> {
    catalog::relation_exists(connection, "planwright.migrations")
}

fn rows(connection: &mut PgConnection) -> Result<Vec<Recorded>> {
    Ok(Recorded::query().order(migrations::seq).load(connection)?)
}

/// Adds a row, and tells its place.
pub(super) fn record(
    connection: &mut PgConnection,
    migration: &Migration,
    installs: Option<&[String]>,
    duration_ms: i64,
) -> QueryResult<i64> {
    diesel::insert_into(migrations::table)
        .values((
            migrations::version.eq(&migration.version),
            migrations::context.eq(migration.context.name()),
            migrations::kind.eq(migration.kind.name()),
            migrations::name.eq(&*migration.name),
            migrations::checksum.eq(checksum(migration)),
            migrations::installs.eq(installs),
            migrations::duration_ms.eq(duration_ms),
        ))
        .returning(migrations::seq)
        .get_result(connection)
}

/// Adds rows for migrations of which the database has the objects already, in one statement.
pub(super) fn adopt(connection: &mut PgConnection, adopted: &[&Migration]) -> QueryResult<()> {
    let rows: Vec<_> = adopted
        .iter()
        .map(|migration| {
            (
                migrations::version.eq(&migration.version),
                migrations::context.eq(migration.context.name()),
                migrations::kind.eq(migration.kind.name()),
                migrations::name.eq(&*migration.name),
                migrations::checksum.eq(checksum(migration)),
                migrations::adopted.eq(true),
                migrations::duration_ms.eq(0),
            )
        })
        .collect();
    diesel::insert_into(migrations::table).values(&rows).execute(connection)?;
    Ok(())
}

/// Takes a row away. A held step that is taken back waits to be asked for again, on every
/// database.
pub(super) fn forget(connection: &mut PgConnection, migration: &Migration) -> QueryResult<()> {
    diesel::delete(migrations::table.filter(migrations::version.eq(&migration.version)))
        .execute(connection)?;
    diesel::sql_query(
        "UPDATE planwright.migrations SET installs = array_remove(installs, $1)
         WHERE $1 = ANY (installs)",
    )
    .bind::<Text, _>(&migration.version)
    .execute(connection)?;
    Ok(())
}

/// How many rows of a context there are.
pub(crate) fn recorded_of(connection: &mut PgConnection, context: &str) -> Result<usize> {
    Ok(read_on(connection)?.iter().filter(|row| row.context == context).count())
}

/// Takes all rows of a context away, and what was noted of an adoption of it: its objects are gone.
pub(crate) fn forget_context(connection: &mut PgConnection, context: &str) -> Result<()> {
    if !is_installed(connection)? {
        return Ok(());
    }
    diesel::delete(migrations::table.filter(migrations::context.eq(context)))
        .execute(connection)?;
    if catalog::relation_exists(connection, "planwright.adopted_names")? {
        catalog::names::replace(connection, context, &[])?;
    }
    if catalog::relation_exists(connection, "planwright.accepted_differences")? {
        catalog::accepted::replace(connection, context, &[])?;
    }
    Ok(())
}
