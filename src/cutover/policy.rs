//! A policy that a host may turn on: a migration has at most one open CUTOVER iteration.
//!
//! Open is what is `PLANNING` or `IN_PROGRESS`. The policy is off by default, and is a unique index,
//! so whoever writes keeps it. With it [`link`](super::IterationRepository::link) refuses a second
//! one with an [`Error::Conflict`] that names the first; other writers get an [`Error::Constraint`].
//! No other operation of this crate opens an iteration. The schema tools know the index, and take
//! it for no difference.
//!
//! The index is made and dropped beside readers and writers, as a migration would do it: one at a
//! time with migrations, on a connection of its own, not through a pooler. It waits for transactions
//! that are older than it. It is for the role that owns the table.
//!
//! # Example
//!
//! ```
//! use planwright::cutover::{IterationTypeCode, NewIteration, factory, policy};
//! # use planwright::{Context, testing::TestDatabase};
//! # let database = TestDatabase::new([Context::Cutover])?;
//! # let store = database.store();
//! # let (migration, plan) = store.write(|uow| Ok((
//! #     factory::migration(uow, "Data centre north")?,
//! #     factory::master_plan(uow, "Plan A")?,
//! # )))?;
//!
//! policy::enable(store)?;
//! let cutover = |name| NewIteration::new(migration, plan, IterationTypeCode::cutover(), name);
//! store.write(|uow| uow.iterations().link(&cutover("In May")))?;
//! let second = store.write(|uow| uow.iterations().link(&cutover("In June"))).unwrap_err();
//! assert!(second.to_string().contains("\"In May\" is PLANNING"), "{second}");
//!
//! policy::disable(store)?;
//! store.write(|uow| uow.iterations().link(&cutover("In June")))?;
//! # Ok::<(), planwright::Error>(())
//! ```

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid};

use super::invariants::OPEN_CUTOVER;
use super::migration::MigrationId;
use crate::error::{Error, Problem, Result};
use crate::policy_index::PolicyIndex;
use crate::store::Store;

const INDEX: PolicyIndex = PolicyIndex {
    name: OPEN_CUTOVER,
    table: "iterations_ite",
    create: "CREATE UNIQUE INDEX CONCURRENTLY iterations_ite_mig_id_open_cutover_uq
                 ON iterations_ite (mig_id)
              WHERE itt_code = 'CUTOVER' AND ite_status IN ('PLANNING', 'IN_PROGRESS')",
    drop: "DROP INDEX CONCURRENTLY IF EXISTS iterations_ite_mig_id_open_cutover_uq",
};

/// The most migrations that a refusal names.
const SHOWN: i64 = 100;

/// Turns the policy on. Where it is on, nothing is done.
///
/// # Errors
///
/// [`Error::Unfit`] with the migrations that have several open CUTOVER iterations, at most 100: then
/// it stays off, and no index is left. [`Error::Migration`] where the index could not be built, or one
/// of its name is another; [`Error::Unavailable`] where somebody else changes the schema for longer
/// than a minute, or the store connects through a pooler.
pub fn enable(store: &Store) -> Result<()> {
    if is_enabled(store)? {
        return Ok(());
    }
    fit(store)?;
    INDEX.build(store).or_else(|error| {
        // Another one may have been opened meanwhile.
        fit(store)?;
        Err(error)
    })
}

/// Turns the policy off. Where it is off, nothing is done.
///
/// # Errors
///
/// [`Error::Migration`] where the index could not be dropped; [`Error::Unavailable`] as for [`enable`].
pub fn disable(store: &Store) -> Result<()> {
    INDEX.drop(store)
}

/// Whether the policy is on.
///
/// # Errors
///
/// Those of a query, such as [`Error::Unavailable`].
pub fn is_enabled(store: &Store) -> Result<bool> {
    INDEX.is_valid(store)
}

/// Refuses with the migrations that break the policy.
fn fit(store: &Store) -> Result<()> {
    const SEVERAL: &str = "-- planwright: migrations with several open cutovers
                           SELECT mig_id, m.mig_name, count(*) AS iterations,
                                  string_agg(format('%s (%s)', i.ite_name, i.ite_id), ', '
                                             ORDER BY i.created_at, i.ite_id) AS named
                             FROM iterations_ite i JOIN migrations_mig m USING (mig_id)
                            WHERE i.itt_code = 'CUTOVER'
                              AND i.ite_status IN ('PLANNING', 'IN_PROGRESS')
                            GROUP BY mig_id, m.mig_name
                           HAVING count(*) > 1
                            ORDER BY mig_id
                            LIMIT $1";

    #[derive(QueryableByName)]
    struct Several {
        #[diesel(sql_type = Uuid)]
        mig_id: MigrationId,
        #[diesel(sql_type = Text)]
        mig_name: String,
        #[diesel(sql_type = BigInt)]
        iterations: i64,
        #[diesel(sql_type = Text)]
        named: String,
    }

    let found: Vec<Several> = store.read(|uow| {
        Ok(diesel::sql_query(SEVERAL).bind::<BigInt, _>(SHOWN).load(uow.connection())?)
    })?;
    if found.is_empty() {
        return Ok(());
    }
    let problem = |of: Several| Problem {
        field: format!("migration {} ({:?})", of.mig_id, of.mig_name),
        reason: format!("has {} open CUTOVER iterations: {}", of.iterations, of.named),
    };
    Err(Error::Unfit {
        entity: "cutover::policy",
        key: OPEN_CUTOVER.to_owned(),
        problems: found.into_iter().map(problem).collect(),
    })
}
