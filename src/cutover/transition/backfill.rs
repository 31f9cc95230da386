//! The job that names the plans.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column_exists;
use crate::batch::{Batch, Job, Verdict};
use crate::cutover::iteration::IterationId;
use crate::cutover::iteration_type;
use crate::cutover::{IterationTypeCode, explained};
use crate::error::{Error, Result};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// The name of [`Backfill`] in `planwright.jobs`, which [`CHECK_PLAN`](super::CHECK_PLAN) and
/// [`DROP_COLUMN`](super::DROP_COLUMN) wait for, and `created_by` of what it makes.
pub const JOB: &str = "cutover_backfill";

/// What an iteration is called that [`Backfill`] makes. It is the first one of its migration.
pub const RUN_NAME: &str = "Run 1";

/// Gives the plans of migrations to their iterations, batch by batch in the order of the
/// migrations' keys, for [`batch::Runner`](crate::batch::Runner).
///
/// * An iteration that names no plan gets its migration's. That changes nothing: `updated_by` and
///   `updated_at` stay.
/// * A migration that names a plan and has no iteration gets one of type `RUN` in `PLANNING`, with
///   that plan and the name [`RUN_NAME`], so that the link is not lost.
///   [`backfilled`](super::backfilled) lists these. A type that is not
///   [active](crate::cutover::IterationType::active) will do. Migrations made since the pass began
///   get none: whoever made one may be about to add its iterations.
/// * What names a plan of its own is not touched.
///
/// The migrations of a batch are locked first, in the order of their keys, so their plans cannot
/// change while their iterations get them: with FOR SHARE, which iterations can be inserted
/// beside; those without iterations with FOR UPDATE. Every batch compares, before it commits, count
/// and hash of the links that were to be stored with those that are. What others have locked is
/// left for the next pass, which waits for it, 300 ms at a time.
///
/// A row is an iteration that was named or made. The job is done when no iteration is without a
/// plan of its own, and no migration that was there when the pass began without an iteration. Run
/// it [anew](crate::batch::Runner::anew) for what has come since. It needs the expanded schema, and
/// has nothing to do after the contract.
///
/// It fails with [`Error::Invalid`] where it needs the type `RUN` and the host has deleted it, and
/// with [`Error::Verification`] where an iteration has no plan at all, or something else was stored
/// than what was to be.
#[derive(Debug, Clone, Default)]
#[must_use = "a job does nothing until it is given to a runner"]
pub struct Backfill {
    /// When the pass began, where this value has seen that.
    before: Option<String>,
    /// Whether others were skipped once, and are waited for now.
    waits: bool,
}

/// A place in the order of the migrations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// The first migration of the next batch.
    from: Uuid,
    /// Migrations that were made later get no iteration in this pass. As the server writes it: it
    /// may be infinite.
    before: String,
}

/// What a migration needs.
type Next = (Uuid, bool, bool);

impl Backfill {
    /// The job.
    pub fn new() -> Self {
        Self::default()
    }

    /// Locks what it can have of these keys: by the first statement all, by the second what is free.
    fn hold(
        &self,
        uow: &mut UnitOfWork<'_>,
        sql: [&'static str; 2],
        ids: &[Uuid],
    ) -> Result<Vec<Uuid>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = sql[usize::from(!self.waits)];
        let held = Statement::<SqlUuid>::new(sql).bind::<Array<SqlUuid>, _>(ids);
        Ok(held.load(uow.connection())?)
    }

    /// Names the plans of the iterations of these migrations. Returns how many there were.
    fn name_plans(&self, uow: &mut UnitOfWork<'_>, migrations: &[Uuid]) -> Result<u64> {
        const MIGRATIONS: &str = "SELECT mig_id FROM migrations_mig
                                   WHERE mig_id = ANY ($1) AND plm_id IS NOT NULL
                                   ORDER BY mig_id FOR SHARE";
        const MIGRATIONS_FREE: &str = "SELECT mig_id FROM migrations_mig
                                        WHERE mig_id = ANY ($1) AND plm_id IS NOT NULL
                                        ORDER BY mig_id FOR SHARE SKIP LOCKED";
        const ITERATIONS: &str = "SELECT ite_id FROM iterations_ite
                                   WHERE mig_id = ANY ($1) AND plm_id IS NULL
                                   ORDER BY ite_id FOR NO KEY UPDATE";
        const ITERATIONS_FREE: &str = "SELECT ite_id FROM iterations_ite
                                        WHERE mig_id = ANY ($1) AND plm_id IS NULL
                                        ORDER BY ite_id FOR NO KEY UPDATE SKIP LOCKED";
        const NAME: &str = concat!(include_str!("name.sql"), include_str!("compare.sql"));

        let held = self.hold(uow, [MIGRATIONS, MIGRATIONS_FREE], migrations)?;
        let ids = self.hold(uow, [ITERATIONS, ITERATIONS_FREE], &held)?;
        if ids.is_empty() {
            return Ok(0);
        }
        // A statement of its own: it sees what was committed before the locks.
        let named = Statement::<Counts>::new(NAME)
            .bind::<Array<SqlUuid>, _>(&ids)
            .get_result(uow.connection());
        let counted: (i64, i64, bool) = named.map_err(|error| explained(uow, error))?;
        compared("named", Some(ids.len()), counted)
    }

    /// Makes an iteration for those of these migrations that have none. Returns how many it made.
    fn make_runs(&self, uow: &mut UnitOfWork<'_>, migrations: &[Uuid]) -> Result<u64> {
        const MIGRATIONS: &str = "SELECT mig_id FROM migrations_mig
                                   WHERE mig_id = ANY ($1) AND plm_id IS NOT NULL
                                   ORDER BY mig_id FOR UPDATE";
        const MIGRATIONS_FREE: &str = "SELECT mig_id FROM migrations_mig
                                        WHERE mig_id = ANY ($1) AND plm_id IS NOT NULL
                                        ORDER BY mig_id FOR UPDATE SKIP LOCKED";
        const MAKE: &str = concat!(include_str!("make.sql"), include_str!("compare.sql"));

        let held = self.hold(uow, [MIGRATIONS, MIGRATIONS_FREE], migrations)?;
        if held.is_empty() {
            return Ok(0);
        }
        let run = IterationTypeCode::run();
        if uow.iteration_types().find(&run)?.is_none() {
            let why = format!("there is no type {run}, which {JOB} gives to iterations: insert it");
            return Err(Error::invalid(iteration_type::ENTITY, "itt_code", why));
        }
        let keys: Vec<IterationId> = held.iter().map(|_| IterationId::new()).collect();
        let made = Statement::<Counts>::new(MAKE)
            .bind::<Array<SqlUuid>, _>(&held)
            .bind::<Array<SqlUuid>, _>(keys)
            .bind::<Text, _>(RUN_NAME)
            .bind::<Text, _>(JOB)
            .bind::<Text, _>(JOB)
            .get_result(uow.connection());
        let counted: (i64, i64, bool) = made.map_err(|error| explained(uow, error))?;
        compared("made", None, counted)
    }
}

impl Job for Backfill {
    type Cursor = Place;

    fn name(&self) -> &str {
        JOB
    }

    fn estimate(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        if !column_exists(uow)? {
            return Ok(Some(0));
        }
        left(uow, None).map(|left| Some(left.todo()))
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Batch<Place>> {
        const NEXT: &str = include_str!("next.sql");
        // Less than the server's `deadlock_timeout`: where a writer takes rows in another order, this
        // job gives way, and never the writer. And what it makes is made by itself.
        const SETTINGS: &str = "SELECT 1 FROM (SELECT set_config('lock_timeout', '300ms', true),
                                                      set_config('planwright.actor', $1, true)) AS s";

        let Some(place) = after.cloned().map_or_else(|| first(uow), |place| Ok(Some(place)))?
        else {
            return Ok(Batch { rows: 0, next: None });
        };
        self.before = Some(place.before.clone());
        Statement::<()>::new(SETTINGS).bind::<Text, _>(JOB).execute(uow.connection())?;
        let mut migrations: Vec<Next> = Statement::<(SqlUuid, Bool, Bool)>::new(NEXT)
            .bind::<Text, _>(&place.before)
            .bind::<SqlUuid, _>(place.from)
            .bind::<BigInt, _>(i64::from(limit) + 1)
            .load(uow.connection())?;
        let full = migrations.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        let next = if full { migrations.pop() } else { None };
        let those = |which: fn(&&Next) -> bool| -> Vec<Uuid> {
            migrations.iter().filter(which).map(|(id, ..)| *id).collect()
        };
        let named = self.name_plans(uow, &those(|(_, unnamed, _)| *unnamed))?;
        let made = self.make_runs(uow, &those(|(_, _, alone)| *alone))?;
        Ok(Batch { rows: named + made, next: next.map(|(from, ..)| Place { from, ..place }) })
    }

    fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
        if !column_exists(uow)? {
            return Ok(Verdict::Done);
        }
        let left = left(uow, self.before.as_deref())?;
        if left.without_plan > 0 {
            let what = format!(
                "{} iterations name no master plan, and their migrations have none",
                left.without_plan
            );
            return Err(Error::Verification { what });
        }
        if left.todo() == 0 {
            return Ok(Verdict::Done);
        }
        self.waits = true;
        Ok(Verdict::AnotherPass)
    }
}

/// Where a pass begins. `None` where there is nothing to do.
fn first(uow: &mut UnitOfWork<'_>) -> Result<Option<Place>> {
    // Rows that claim to come from the future are there already.
    const BEFORE: &str = "SELECT to_jsonb(greatest(now(), max(created_at))) #>> '{}'
                            FROM migrations_mig";

    if !column_exists(uow)? {
        return Ok(None);
    }
    let before = Statement::<Text>::new(BEFORE).get_result(uow.connection())?;
    Ok(Some(Place { from: Uuid::nil(), before }))
}

type Counts = (BigInt, BigInt, Bool);

/// How many links are stored, where they are the ones that were to be.
fn compared(
    what: &str,
    expected: Option<usize>,
    (wanted, stored, same): (i64, i64, bool),
) -> Result<u64> {
    if same && expected.is_none_or(|count| i64::try_from(count) == Ok(wanted)) {
        return Ok(u64::try_from(stored).unwrap_or_default());
    }
    let of = expected.map_or(String::new(), |count| format!(" of {count}"));
    let other = if wanted == stored { ", with other plans" } else { "" };
    let what = format!("{wanted}{of} iterations were to be {what}, and {stored} are stored{other}");
    Err(Error::Verification { what })
}

/// What is left for the job.
struct Left {
    unnamed: u64,
    without_plan: u64,
    alone: u64,
}

impl Left {
    fn todo(&self) -> u64 {
        self.unnamed + self.alone
    }
}

/// Counts it, among migrations up to this time.
fn left(uow: &mut UnitOfWork<'_>, before: Option<&str>) -> Result<Left> {
    const SQL: &str = include_str!("left.sql");
    let (unnamed, without_plan, alone): (i64, i64, i64) =
        Statement::<(BigInt, BigInt, BigInt)>::new(SQL)
            .bind::<Nullable<Text>, _>(before)
            .get_result(uow.connection())?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Left { unnamed: count(unnamed), without_plan: count(without_plan), alone: count(alone) })
}
