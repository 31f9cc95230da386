//! The job that moves the links.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use serde::{Deserialize, Serialize};

use super::links::{Busy, Moves, hold, join_exists};
use crate::batch::{Batch, Job, Verdict};
use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// The name of [`Backfill`] in `planwright.jobs`, which [`DROP_JOIN`](super::DROP_JOIN) waits for.
pub const JOB: &str = "modelling_backfill";

/// Moves the links of the join into `recommendation.plan_id`, batch by batch, for
/// [`batch::Runner`](crate::batch::Runner).
///
/// * A recommendation that one plan has selected gets that plan.
/// * One that several have selected gets the oldest of them, by key; each further plan gets a copy
///   of the row, and its link leads to that. The copy has every column of the original but `id`. A
///   column of the host that is generated or unique takes no copy: then the job fails with the
///   server's words.
/// * `position` stays unknown (NULL): the join has no order.
/// * Orphans, contradictory ones and linked ones are not touched.
///
/// The join's rows stay, so legacy readers see what they saw; where it is closed, the link to a
/// copied row goes instead. Every batch compares, before it commits, count and hash of the
/// measures that its plans had with those that they have, in the columns that this crate knows.
/// What others have locked is left for the next pass, which waits for it, 300 ms at a time.
///
/// A row counts as a link moved. The job is done when nothing is left of what was there when the
/// pass began: a legacy writer that goes on inserting does not keep it from finishing. Run it
/// [anew](crate::batch::Runner::anew) for what has come since. It needs the expanded schema, and
/// has nothing to do where the join is gone.
#[derive(Debug, Clone, Default)]
#[must_use = "a job does nothing until it is given to a runner"]
pub struct Backfill {
    /// The last recommendation of the pass, where this value has seen one.
    through: Option<i64>,
    /// Whether others were skipped once, and are waited for now.
    waits: bool,
}

impl Backfill {
    /// The job.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the links of these recommendations. Returns how many there were.
    fn move_links(&self, uow: &mut UnitOfWork<'_>, ids: &[i64]) -> Result<usize> {
        let busy = if self.waits { Busy::Wait } else { Busy::Skip };
        if self.waits {
            // Less than the server's `deadlock_timeout`: where a writer takes rows in another order,
            // this job gives way, and never the writer.
            let sql = "SELECT 1 FROM (SELECT set_config('lock_timeout', '300ms', true)) AS s";
            diesel::sql_query(sql).execute(uow.connection())?;
        }
        let mut moves = Moves::default();
        for held in hold(uow, ids, busy, true)? {
            if let Some((first, further)) = held.plans.split_first() {
                moves.kept.push((held.id, *first));
                moves.copied.extend(further.iter().map(|plan| (held.id, *plan)));
            }
        }
        moves.apply(uow)?;
        Ok(moves.links())
    }
}

/// A place in the join.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Place {
    recommendation: i64,
    /// The last one of this pass.
    through: i64,
}

impl Job for Backfill {
    type Cursor = Place;

    fn name(&self) -> &str {
        JOB
    }

    fn estimate(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        if !join_exists(uow)? {
            return Ok(Some(0));
        }
        unmoved(uow, None).map(Some)
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Batch<Place>> {
        // What is moved already is not locked again. By a scalar subquery, as a join becomes a scan of
        // recommendation: measured at 1 M rows, 180 ms for 5,000 of them in place of 11 ms.
        const NEXT: &str = "SELECT l.id, (SELECT r.plan_id IS NULL FROM recommendation r
                                           WHERE r.id = l.id)
                              FROM (SELECT DISTINCT recommendation_id AS id
                                      FROM plan_recommendations
                                     WHERE recommendation_id > $1 AND recommendation_id <= $2
                                     ORDER BY recommendation_id LIMIT $3) l
                             ORDER BY l.id";
        const LAST: &str = "SELECT max(recommendation_id) FROM plan_recommendations";

        let nothing = Batch { rows: 0, next: None };
        let place = if let Some(place) = after {
            *place
        } else {
            if !join_exists(uow)? {
                return Ok(nothing);
            }
            let last: Option<i64> =
                Statement::<Nullable<BigInt>>::new(LAST).get_result(uow.connection())?;
            let Some(through) = last else { return Ok(nothing) };
            Place { recommendation: i64::MIN, through }
        };
        self.through = Some(place.through);
        let links: Vec<(i64, bool)> = Statement::<(BigInt, Bool)>::new(NEXT)
            .bind::<BigInt, _>(place.recommendation)
            .bind::<BigInt, _>(place.through)
            .bind::<BigInt, _>(i64::from(limit))
            .load(uow.connection())?;
        let open: Vec<i64> = links.iter().filter(|(_, open)| *open).map(|(id, _)| *id).collect();
        let moved = if open.is_empty() { 0 } else { self.move_links(uow, &open)? };
        let full = u32::try_from(links.len()) == Ok(limit);
        let next = links.last().filter(|_| full);
        Ok(Batch {
            rows: u64::try_from(moved).unwrap_or(u64::MAX),
            next: next.map(|&(recommendation, _)| Place { recommendation, ..place }),
        })
    }

    fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
        if !join_exists(uow)? || unmoved(uow, self.through)? == 0 {
            return Ok(Verdict::Done);
        }
        self.waits = true;
        Ok(Verdict::AnotherPass)
    }
}

/// The links that are still to be moved, up to this recommendation.
fn unmoved(uow: &mut UnitOfWork<'_>, through: Option<i64>) -> Result<u64> {
    const SQL: &str = "SELECT count(*)
                         FROM plan_recommendations l
                         JOIN recommendation r ON r.id = l.recommendation_id
                        WHERE r.plan_id IS NULL AND r.id <= $1";
    let count: i64 = Statement::<BigInt>::new(SQL)
        .bind::<BigInt, _>(through.unwrap_or(i64::MAX))
        .get_result(uow.connection())?;
    Ok(u64::try_from(count).unwrap_or_default())
}
