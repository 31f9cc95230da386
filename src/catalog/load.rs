//! How the server and its replicas are doing.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::Result;

/// What other work there is, in one statement.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub(crate) struct Load {
    /// What the replica that is furthest behind has still to replay. Zero without replicas, and
    /// for a role that may not see them.
    #[diesel(sql_type = BigInt)]
    pub(crate) replica_bytes: i64,
    /// How late the latest replica is, in milliseconds.
    #[diesel(sql_type = BigInt)]
    pub(crate) replica_ms: i64,
    /// The sessions of this database that wait for a lock which is not advisory.
    #[diesel(sql_type = BigInt)]
    pub(crate) waiting: i64,
}

/// Asks the primary.
pub(crate) fn load(connection: &mut PgConnection) -> Result<Load> {
    // A base backup is in the view, too, and replays nothing. A session waits for one lock at a
    // time; a lock on a row has no database, its session has.
    let load = diesel::sql_query(
        "SELECT r.replica_bytes, r.replica_ms, w.waiting
         FROM (SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::bigint
                          AS replica_bytes,
                      coalesce(max(extract(epoch FROM replay_lag)) * 1000, 0)::bigint AS replica_ms
               FROM pg_catalog.pg_stat_replication WHERE state IN ('streaming', 'catchup')) r,
              (SELECT count(*) AS waiting
               FROM pg_catalog.pg_locks l
               JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
               WHERE NOT l.granted AND l.locktype <> 'advisory'
                 AND a.datname = current_database()) w",
    );
    Ok(load.get_result(connection)?)
}
