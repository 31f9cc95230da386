//! How steps come into another order.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Uuid};

use super::super::explained;
use super::super::generation::{
    ENTITY as GENERATION, GenerationRepository, absent as no_generation,
};
use super::super::keys::{GenerationId, PlanStepId};
use super::absent;
use crate::error::{Error, Result};
use crate::statement::Statement;

impl GenerationRepository<'_> {
    /// Puts the steps of a generation, all of them, into this order: the first has place 0 and number
    /// 1, and so on. Those that stand right already are left alone. One statement, however many there
    /// are. It is run once more where somebody else has changed which steps there are, or their order,
    /// while it waited for the plan's lock.
    ///
    /// Where it is refused nothing has changed, and the unit of work can go on.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] where a step is named twice, before the server is asked;
    /// [`Error::NotFound`] where the user has no such generation, or it no such step;
    /// [`Error::Conflict`] where it has a step that is not named; [`Error::Constraint`] as for
    /// [`add_step`](Self::add_step).
    ///
    /// # Example
    ///
    /// ```
    /// # use planwright::{UserId, feature_planner::{GenerationId, PlanStep}};
    /// # fn f(store: &planwright::Store, user: UserId, id: GenerationId) -> planwright::Result<()> {
    /// let reversed = store.write(|uow| {
    ///     let mut generations = uow.plan_generations(user);
    ///     let order: Vec<_> = generations.steps(id)?.iter().rev().map(|step| step.id).collect();
    ///     generations.reorder(id, &order)?;
    ///     generations.steps(id)
    /// })?;
    /// assert!(reversed.iter().map(|step| step.display_order).eq(0..));
    /// # Ok(()) }
    /// ```
    pub fn reorder(&mut self, generation: GenerationId, order: &[PlanStepId]) -> Result<()> {
        let mut named = HashSet::with_capacity(order.len());
        if let Some(twice) = order.iter().position(|id| !named.insert(id)) {
            let field = format!("order[{twice}]");
            let reason = format!("names step {} once more", order[twice]);
            return Err(Error::invalid(GENERATION, field, reason));
        }
        // At the second time it has the lock and sees what is there.
        let (steps, foreign, missing) = loop {
            let found: Option<(bool, i64, Option<PlanStepId>, Option<PlanStepId>)> =
                Statement::<(Bool, BigInt, Nullable<Uuid>, Nullable<Uuid>)>::new(include_str!(
                    "reorder.sql"
                ))
                .bind::<Uuid, _>(self.user)
                .bind::<Uuid, _>(generation)
                .bind::<Uuid, _>(generation)
                .bind::<Array<Uuid>, _>(order)
                .bind::<Uuid, _>(generation)
                .bind::<Uuid, _>(generation)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
            match found.ok_or_else(|| no_generation(generation))? {
                (true, steps, foreign, missing) => break (steps, foreign, missing),
                (false, ..) => {}
            }
        };
        if let Some(foreign) = foreign {
            return Err(absent(foreign));
        }
        if let Some(missing) = missing {
            let reason =
                format!("has {steps} steps, of which {} are named: not {missing}", order.len());
            return Err(Error::conflict(GENERATION, generation, reason));
        }
        Ok(())
    }
}
