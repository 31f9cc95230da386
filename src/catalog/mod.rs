//! Every query of the system catalogs.

pub(crate) mod accepted;
pub(crate) mod activity;
pub(crate) mod columns;
mod compare;
mod difference;
pub(crate) mod guards;
mod load;
pub(crate) mod locks;
mod mend;
pub(crate) mod moving;
pub(crate) mod names;
mod normal;
mod object;
mod privileges;
mod remedy;
mod snapshot;

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

use crate::error::Result;
use crate::lock::Key;

pub use compare::compare;
pub use difference::{Difference, Finding, Remedy};
pub(crate) use load::load;
pub use object::{Catalog, Delta, Object, ObjectKind, ObjectName, Properties};
pub use privileges::Privilege;
pub(crate) use privileges::{Need, missing_privileges};
pub use snapshot::Scope;

/// Whether a relation of this name, qualified and quoted where need be, exists.
pub(crate) fn relation_exists(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let exists = diesel::select(to_regclass(name).is_not_null());
    Ok(exists.get_result(connection)?)
}

/// The first of these relations that exists.
pub(crate) fn first_relation(
    connection: &mut PgConnection,
    names: &[String],
) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let found = diesel::sql_query(
        "SELECT n.name FROM unnest($1) WITH ORDINALITY n (name, nth)
          WHERE to_regclass(n.name) IS NOT NULL ORDER BY n.nth LIMIT 1",
    );
    let found = found.bind::<diesel::sql_types::Array<Text>, _>(names);
    Ok(found.get_result::<Row>(connection).optional()?.map(|row| row.name))
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn to_regclass(name: Text) -> Nullable<diesel::sql_types::Oid>;
}

/// A session that holds an advisory lock.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Holder {
    #[diesel(sql_type = Integer)]
    pub(crate) pid: i32,
    #[diesel(sql_type = Text)]
    pub(crate) application_name: String,
    /// The second half of the lock's key.
    #[diesel(sql_type = BigInt)]
    pub(crate) object: i64,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.application_name)
    }
}

/// Who holds this lock of the current database.
pub(crate) fn lock_holder(connection: &mut PgConnection, key: Key) -> Result<Option<Holder>> {
    let mut holders = lock_holders(connection, key.class)?;
    holders.retain(|holder| holder.object == i64::from(key.object));
    Ok(holders.pop())
}

/// Who holds the locks of this class in the current database.
pub(crate) fn lock_holders(connection: &mut PgConnection, class: i32) -> Result<Vec<Holder>> {
    let holders = diesel::sql_query(
        "SELECT l.pid, coalesce(a.application_name, '') AS application_name,
                l.objid::bigint AS object
         FROM pg_catalog.pg_locks l
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
           AND l.classid = $1::oid
           AND l.database = (SELECT oid FROM pg_catalog.pg_database
                             WHERE datname = current_database())",
    )
    .bind::<BigInt, _>(i64::from(class));
    Ok(holders.load(connection)?)
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Index {
    /// Quoted.
    #[diesel(sql_type = Text)]
    pub(crate) schema: String,
    /// Qualified and quoted.
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Bool)]
    pub(crate) valid: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) unique: bool,
    /// From USING on, as the server writes it.
    #[diesel(sql_type = Text)]
    pub(crate) definition: String,
    /// The process that is building it.
    #[diesel(sql_type = Nullable<Integer>)]
    pub(crate) builder: Option<i32>,
}

/// The index `name` of `table`, both as SQL writes them.
pub(crate) fn index(
    connection: &mut PgConnection,
    table: &str,
    name: &str,
) -> Result<Option<Index>> {
    // Which index another role's session builds may be hidden; its lock on the table is not.
    let index = diesel::sql_query(
        "SELECT quote_ident(n.nspname) AS schema, format('%I.%I', n.nspname, c.relname) AS name,
                i.indisvalid AS valid, i.indisunique AS unique,
                substring(pg_get_indexdef(c.oid) FROM position(' USING ' IN pg_get_indexdef(c.oid)))
                    AS definition,
                (SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p
                 WHERE p.index_relid = c.oid
                    OR p.index_relid IS NULL AND NOT i.indisvalid AND EXISTS (
                       SELECT FROM pg_catalog.pg_locks l
                       WHERE l.pid = p.pid AND l.locktype = 'relation' AND l.relation = i.indrelid
                         AND l.mode = 'ShareUpdateExclusiveLock'
                         AND l.database = (SELECT oid FROM pg_catalog.pg_database
                                           WHERE datname = current_database()))
                 LIMIT 1) AS builder
         FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE i.indrelid = to_regclass($1) AND c.relname = (parse_ident($2))[1]::name",
    )
    .bind::<Text, _>(table)
    .bind::<Text, _>(name);
    Ok(index.get_result(connection).optional()?)
}

/// An expression that differs before and after a crash of the server: it loses its statistics
/// then, and notes when.
pub(crate) const SERVER_LIFE: &str =
    "(SELECT extract(epoch FROM stats_reset)::text FROM pg_catalog.pg_stat_wal)";
