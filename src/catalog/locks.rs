//! What the transaction of this session has done so far: locks, files, rows.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Oid, Text};
use serde::{Serialize, Serializer};

use crate::error::Result;

/// The mode of a lock on a relation, from the weakest to the strongest. Serialised and printed in
/// the words of LOCK TABLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockMode {
    /// Reads. Only ACCESS EXCLUSIVE keeps them out.
    AccessShare,
    /// Reads that lock rows, and checks of foreign keys.
    RowShare,
    /// Writes.
    RowExclusive,
    /// Keeps schema changes and VACUUM out; reads and writes go on.
    ShareUpdateExclusive,
    /// Keeps writes out.
    Share,
    /// Keeps writes out, and itself.
    ShareRowExclusive,
    /// Keeps out all but plain reads.
    Exclusive,
    /// Keeps everybody out.
    AccessExclusive,
}

impl LockMode {
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::AccessShare, "AccessShareLock", "ACCESS SHARE"),
        (Self::RowShare, "RowShareLock", "ROW SHARE"),
        (Self::RowExclusive, "RowExclusiveLock", "ROW EXCLUSIVE"),
        (Self::ShareUpdateExclusive, "ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE"),
        (Self::Share, "ShareLock", "SHARE"),
        (Self::ShareRowExclusive, "ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE"),
        (Self::Exclusive, "ExclusiveLock", "EXCLUSIVE"),
        (Self::AccessExclusive, "AccessExclusiveLock", "ACCESS EXCLUSIVE"),
    ];

    /// As `pg_locks` names it. Predicate locks, which nobody waits for, have no mode here.
    pub(crate) fn of_server(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(mode, ..)| *mode)
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL[*self as usize].2)
    }
}

impl Serialize for LockMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A relation that is not the server's own.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Relation {
    #[diesel(sql_type = Oid)]
    pub(crate) oid: u32,
    /// Qualified, and quoted where need be.
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    /// As in `pg_class.relkind`.
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    /// Its file; 0 where it has none. Another one after a rewrite.
    #[diesel(sql_type = Oid)]
    pub(crate) file: u32,
}

/// Every relation that is not the server's own.
pub(crate) fn relations(connection: &mut PgConnection) -> Result<Vec<Relation>> {
    let relations = diesel::sql_query(
        "SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
                c.relfilenode AS file
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
    );
    Ok(relations.load(connection)?)
}

/// The oid of a relation by its name, as SQL writes it.
pub(crate) fn relation_oid(connection: &mut PgConnection, name: &str) -> Result<Option<u32>> {
    Ok(diesel::select(super::to_regclass(name)).get_result(connection)?)
}

/// A lock on a relation that this session's transaction holds.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct OwnLock {
    #[diesel(sql_type = Oid)]
    pub(crate) relation: u32,
    #[diesel(sql_type = Text)]
    pub(crate) mode: String,
    /// The relation's file by now, unless the relation is gone.
    #[diesel(sql_type = Nullable<Oid>)]
    pub(crate) file: Option<u32>,
}

/// The locks on relations that this session's transaction holds, those of the server's own ones
/// too.
pub(crate) fn own_locks(connection: &mut PgConnection) -> Result<Vec<OwnLock>> {
    let locks = diesel::sql_query(
        "SELECT l.relation, l.mode, c.relfilenode AS file
         FROM pg_catalog.pg_locks l
         LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
         WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
           AND l.database = (SELECT oid FROM pg_catalog.pg_database
                             WHERE datname = current_database())
         ORDER BY l.relation, l.mode",
    );
    Ok(locks.load(connection)?)
}

/// How many rows of a table this session has written, in this transaction and perhaps earlier.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Written {
    #[diesel(sql_type = Oid)]
    pub(crate) relation: u32,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) inserted: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) updated: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) deleted: i64,
}

/// What this session has written, by table. Says something only where [`counts_rows`].
pub(crate) fn written(connection: &mut PgConnection) -> Result<Vec<Written>> {
    let written = diesel::sql_query(
        "SELECT relid AS relation, format('%I.%I', schemaname, relname) AS name,
                n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
         FROM pg_catalog.pg_stat_xact_user_tables
         WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
         ORDER BY name",
    );
    Ok(written.load(connection)?)
}

/// Whether the server counts rows (`track_counts`).
pub(crate) fn counts_rows(connection: &mut PgConnection) -> Result<bool> {
    let counts = diesel::dsl::sql::<Bool>("current_setting('track_counts')::boolean");
    Ok(diesel::select(counts).get_result(connection)?)
}

/// The constraints that can wait for COMMIT, as SET CONSTRAINTS takes them.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Deferrable {
    /// All of them.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) all: Option<String>,
    /// Those that wait unless told otherwise.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) deferred: Option<String>,
}

/// The constraints that can wait for COMMIT.
pub(crate) fn deferrable(connection: &mut PgConnection) -> Result<Deferrable> {
    // In a schema that the role may not use there is nothing that it has written, and SET
    // CONSTRAINTS fails. Names are unique within a table only, and SET CONSTRAINTS … DEFERRED fails where one that is
    // not deferrable has the same name.
    let deferrable = diesel::sql_query(
        "SELECT string_agg(name, ', ') AS all,
                string_agg(name, ', ') FILTER (WHERE deferred) AS deferred
         FROM (SELECT format('%I.%I', n.nspname, c.conname) AS name,
                      bool_and(c.condeferrable) AND bool_or(c.condeferred) AS deferred
               FROM pg_catalog.pg_constraint c
               JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
               WHERE has_schema_privilege(n.oid, 'USAGE')
               GROUP BY n.nspname, c.conname
               HAVING bool_or(c.condeferrable)) AS names",
    );
    Ok(deferrable.get_result(connection)?)
}
