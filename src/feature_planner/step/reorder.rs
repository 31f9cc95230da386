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
    /// use planwright::feature_planner::{NewGeneration, NewPlanStep, PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, plan) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     Ok((user, factory::plan(uow, user, PlanStatus::Planning)?))
    /// # })?;
    ///
    /// let steps = store.write(|uow| {
    ///     let mut generations = uow.plan_generations(user);
    ///     let id = generations.start(plan, &NewGeneration::new("planner"))?.id;
    ///     let view = generations.add_step(id, &NewPlanStep::new("View", "Show them."), None)?;
    ///     let query = generations.add_step(id, &NewPlanStep::new("Query", "Read them."), None)?;
    ///
    ///     let twice = generations.reorder(id, &[query.id, query.id]).unwrap_err();
    ///     assert!(twice.to_string().contains("order[1]"));
    ///     let too_few = generations.reorder(id, &[query.id]).unwrap_err();
    ///     assert!(too_few.is_conflict());
    ///
    ///     generations.reorder(id, &[query.id, view.id])?;
    ///     generations.steps(id)
    /// })?;
    /// assert_eq!([&*steps[0].title, &*steps[1].title], ["Query", "View"]);
    /// assert_eq!([steps[0].step_number, steps[1].step_number], [1, 2]);
    /// # Ok::<(), planwright::Error>(())
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
            let (is_current, steps, foreign, missing) =
                found.ok_or_else(|| no_generation(generation))?;
            if is_current {
                break (steps, foreign, missing);
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
