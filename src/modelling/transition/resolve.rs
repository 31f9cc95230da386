//! Recommendations whose column and whose links say different things.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use serde::Serialize;

use super::links::{Busy, Moves, hold, join_exists};
use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// What to believe of a recommendation whose `plan_id` is one plan, and which the join links to
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The column: links to other plans are removed.
    PlanId,
    /// The join: the plan of the column loses it, unless the join has a link to that plan too. The
    /// oldest plan of the join gets it, by key, and each further one a copy.
    Join,
    /// Both: the plan of the column keeps it, and each plan of the join gets a copy. Nobody loses a
    /// measure.
    Both,
}

/// What [`resolve_contradictions`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Resolved {
    /// The recommendations that contradicted themselves. Fewer than the limit: none is left, but for
    /// what others have changed meanwhile.
    pub recommendations: u64,
    /// Those that went to another plan.
    pub moved: u64,
    /// The copies that further plans got.
    pub copied: u64,
    /// The links that were removed from the join.
    pub unlinked: u64,
}

/// Settles at most `limit` contradictory recommendations, in a fixed number of statements. The
/// unit holds their plans until it ends: call it again, in units of their own, until fewer than
/// `limit` were left.
///
/// A plan that loses or gets a measure is stored anew by its next replace.
///
/// # Errors
///
/// [`Error::Verification`](crate::Error::Verification) where a copy is not what it was copied
/// from; [`Error::Database`](crate::Error::Database) and the like, as for any statement.
pub fn resolve_contradictions(
    uow: &mut UnitOfWork<'_>,
    prefer: Prefer,
    limit: u32,
) -> Result<Resolved> {
    const FIND: &str = "SELECT DISTINCT r.id
                          FROM plan_recommendations l
                          JOIN recommendation r ON r.id = l.recommendation_id
                         WHERE r.plan_id <> l.plan_id
                         ORDER BY r.id LIMIT $1";
    const UNLINK: &str = "DELETE FROM plan_recommendations l
                           USING unnest($1::bigint[], $2::bigint[])
                                 AS gone(recommendation_id, plan_id)
                           WHERE l.recommendation_id = gone.recommendation_id
                             AND l.plan_id = gone.plan_id";

    if !join_exists(uow)? {
        return Ok(Resolved::default());
    }
    let ids: Vec<i64> = Statement::<BigInt>::new(FIND)
        .bind::<BigInt, _>(i64::from(limit))
        .load(uow.connection())?;
    let mut moves = Moves::default();
    let mut wrong: Vec<(i64, i64)> = Vec::new();
    for held in hold(uow, &ids, Busy::Wait, false)? {
        let Some(own) = held.plan_id else { continue };
        let others = || held.plans.iter().copied().filter(|plan| *plan != own);
        let Some(first) = others().next() else { continue };
        match prefer {
            Prefer::PlanId => wrong.extend(others().map(|plan| (held.id, plan))),
            Prefer::Join if !held.plans.contains(&own) => {
                moves.kept.push((held.id, first));
                moves.copied.extend(others().skip(1).map(|plan| (held.id, plan)));
            }
            Prefer::Join | Prefer::Both => {
                moves.copied.extend(others().map(|plan| (held.id, plan)));
            }
        }
    }
    moves.apply(uow)?;
    let unlinked = if wrong.is_empty() {
        0
    } else {
        let (rows, plans): (Vec<i64>, Vec<i64>) = wrong.into_iter().unzip();
        Statement::<()>::new(UNLINK)
            .bind::<Array<BigInt>, _>(rows)
            .bind::<Array<BigInt>, _>(plans)
            .execute(uow.connection())?
    };
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Resolved {
        // Those too that somebody else has settled: there may be more behind them.
        recommendations: count(ids.len()),
        moved: count(moves.kept.len()),
        copied: count(moves.copied.len()),
        unlinked: count(unlinked),
    })
}
