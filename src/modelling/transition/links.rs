//! The links of recommendations: how they are held still, and moved.

use std::collections::{BTreeMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable};

use crate::error::{ConstraintKind, Error, Result};
use crate::modelling::explained;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// Whether the join is still there.
pub(super) fn join_exists(uow: &mut UnitOfWork<'_>) -> Result<bool> {
    let sql = "SELECT to_regclass('plan_recommendations') IS NOT NULL";
    Ok(Statement::<Bool>::new(sql).get_result(uow.connection())?)
}

/// What becomes of rows that somebody else has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    Skip,
    Wait,
}

/// A recommendation of which nobody else can change a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: i64,
    /// Its own column.
    pub(super) plan_id: Option<i64>,
    /// The plans that the join links it to, ascending.
    pub(super) plans: Vec<i64>,
}

/// Locks the plans of these recommendations, in the order in which a replace does, then the
/// recommendations, then their links. Gives back those of which everything was to be had.
///
/// Plans come first, as a replace and a delete begin there. Legacy writers keep no order: what
/// waits for them must give way in time, or skip what they hold.
pub(super) fn hold(
    uow: &mut UnitOfWork<'_>,
    ids: &[i64],
    busy: Busy,
    only_unlinked: bool,
) -> Result<Vec<Held>> {
    const PLANS: &str = concat!(include_str!("lock_plans.sql"), "\n");
    const PLANS_FREE: &str = concat!(include_str!("lock_plans.sql"), " SKIP LOCKED");
    const ROWS: &str = "SELECT id, plan_id FROM recommendation
                         WHERE id = ANY ($1) AND (plan_id IS NULL OR NOT $2)
                         ORDER BY id FOR UPDATE";
    const ROWS_FREE: &str = "SELECT id, plan_id FROM recommendation
                              WHERE id = ANY ($1) AND (plan_id IS NULL OR NOT $2)
                              ORDER BY id FOR UPDATE SKIP LOCKED";
    const LINKS: &str = "SELECT recommendation_id, plan_id FROM plan_recommendations
                          WHERE recommendation_id = ANY ($1)
                          ORDER BY recommendation_id, plan_id";
    const LINKS_LOCKED: &str = "SELECT recommendation_id, plan_id FROM plan_recommendations
                                 WHERE recommendation_id = ANY ($1)
                                 ORDER BY recommendation_id, plan_id FOR UPDATE";
    const LINKS_FREE: &str = "SELECT recommendation_id, plan_id FROM plan_recommendations
                               WHERE recommendation_id = ANY ($1)
                               ORDER BY recommendation_id, plan_id FOR UPDATE SKIP LOCKED";
    type Links = (BigInt, BigInt);

    let locked_plans: Vec<i64> =
        Statement::<BigInt>::new(if busy == Busy::Wait { PLANS } else { PLANS_FREE })
            .bind::<Array<BigInt>, _>(ids)
            .bind::<Array<BigInt>, _>(ids)
            .load(uow.connection())?;
    let rows: Vec<(i64, Option<i64>)> = Statement::<(BigInt, Nullable<BigInt>)>::new(match busy {
        Busy::Wait => ROWS,
        Busy::Skip => ROWS_FREE,
    })
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Bool, _>(only_unlinked)
    .load(uow.connection())?;
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    // From here on none of them gets another link: that would need the row.
    let locked: Vec<(i64, i64)> = Statement::<Links>::new(match busy {
        Busy::Wait => LINKS_LOCKED,
        Busy::Skip => LINKS_FREE,
    })
    .bind::<Array<BigInt>, _>(&ids)
    .load(uow.connection())?;
    let all: Vec<(i64, i64)> = match busy {
        Busy::Wait => locked.clone(),
        Busy::Skip => {
            Statement::<Links>::new(LINKS).bind::<Array<BigInt>, _>(&ids).load(uow.connection())?
        }
    };
    let locked_plans: HashSet<i64> = locked_plans.into_iter().collect();
    let locked: HashSet<(i64, i64)> = locked.into_iter().collect();
    let mut held: BTreeMap<i64, Held> =
        rows.into_iter().map(|(id, plan_id)| (id, Held { id, plan_id, plans: vec![] })).collect();
    let mut taken = HashSet::new();
    for link @ (id, plan) in all {
        if !(locked.contains(&link) && locked_plans.contains(&plan)) {
            taken.insert(id);
        }
        if let Some(held) = held.get_mut(&id) {
            held.plans.push(plan);
        }
    }
    let free = |held: &Held| {
        !taken.contains(&held.id) && held.plan_id.is_none_or(|plan| locked_plans.contains(&plan))
    };
    Ok(held.into_values().filter(free).collect())
}

/// How links are moved into the column.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Recommendations with the plan that they get.
    pub(super) kept: Vec<(i64, i64)>,
    /// Recommendations with a further plan, which gets a copy.
    pub(super) copied: Vec<(i64, i64)>,
}

impl Moves {
    pub(super) fn links(&self) -> usize {
        self.kept.len() + self.copied.len()
    }

    /// Moves them, and compares count and hash of what the plans had with what they have.
    ///
    /// # Errors
    ///
    /// [`Error::Verification`] where these differ.
    pub(super) fn apply(&self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        if self.links() == 0 {
            return Ok(());
        }
        // A closed join takes no link to a copy. Nobody who reads it will be there for long.
        match uow.savepoint(|uow| self.try_apply(uow, REPOINTED)) {
            Err(Error::Constraint { constraint, kind: ConstraintKind::Check, .. })
                if constraint == CLOSED =>
            {
                self.try_apply(uow, UNLINKED)
            }
            done => done,
        }
    }

    fn try_apply(&self, uow: &mut UnitOfWork<'_>, sql: &'static str) -> Result<()> {
        let (kept, keepers): (Vec<i64>, Vec<i64>) = self.kept.iter().copied().unzip();
        let (copied, further): (Vec<i64>, Vec<i64>) = self.copied.iter().copied().unzip();
        let moved = Statement::<(BigInt, BigInt, Bool)>::new(sql)
            .bind::<Array<BigInt>, _>(kept)
            .bind::<Array<BigInt>, _>(keepers)
            .bind::<Array<BigInt>, _>(copied)
            .bind::<Array<BigInt>, _>(further)
            .get_result(uow.connection());
        let (wanted, stored, same): (i64, i64, bool) =
            moved.map_err(|error| explained(uow, error))?;
        if same && usize::try_from(wanted) == Ok(self.links()) {
            return Ok(());
        }
        let what = format!(
            "{} links were to be moved, of {wanted} the measure was found and {stored} are stored{}",
            self.links(),
            if wanted == stored { ", with another content" } else { "" }
        );
        Err(Error::Verification { what })
    }
}

/// The constraint of a join that takes nothing more.
const CLOSED: &str = "plan_recommendations_closed_ck";

const REPOINTED: &str = concat!(
    include_str!("move.sql"),
    ", repointed AS (
    UPDATE plan_recommendations l
       SET recommendation_id = f.copy
      FROM further f
     WHERE l.plan_id = f.plan_id AND l.recommendation_id = f.recommendation_id
)\n",
    include_str!("compare.sql")
);

const UNLINKED: &str = concat!(
    include_str!("move.sql"),
    ", unlinked AS (
    DELETE FROM plan_recommendations l
     USING further f
     WHERE l.plan_id = f.plan_id AND l.recommendation_id = f.recommendation_id
)\n",
    include_str!("compare.sql")
);
