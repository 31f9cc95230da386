//! How generations come to a plan.

use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::fields::Fields;
use super::super::keys::{FeaturePlanId, GenerationId};
use super::super::labels::{ImplementationPlanStatus, PlanStatus};
use super::super::schema::feature_planner::sql_types;
use super::super::usage::{MAX_AGENT, MAX_TEXT};
use super::super::{explained, hold};
use super::{Generation, GenerationRepository, Row};
use crate::error::Result;
use crate::statement::Statement;

const INPUT: &str = "feature_planner::NewGeneration";

/// A generation for an agent to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGeneration {
    /// Which agent is to try: 1 to 100 characters.
    pub agent_id: String,
    /// The request that it is given: 1 to 100,000 characters, not blank. `None` is the plan's refined
    /// one, or the original where none is selected.
    #[serde(default)]
    pub refined_request: Option<String>,
    /// The files that it is given: at most 1,000,000 bytes. `None` is those that the plan has selected.
    #[serde(default)]
    pub discovered_files: Option<Value>,
}

impl NewGeneration {
    /// By this agent, of what the plan has selected.
    pub fn new(agent_id: impl Into<String>) -> Self {
        Self { agent_id: agent_id.into(), refined_request: None, discovered_files: None }
    }

    /// Checks every rule of [`start`](GenerationRepository::start) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let fields = Fields::of(INPUT);
        fields.name("agent_id", &self.agent_id, MAX_AGENT)?;
        fields.name_if("refined_request", self.refined_request.as_deref(), MAX_TEXT)?;
        fields.json_if("discovered_files", self.discovered_files.as_ref())
    }
}

impl GenerationRepository<'_> {
    /// Gives a plan that is `planning` a generation that is `pending`. The plan's lock, and one
    /// statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for a field that breaks its rule; [`Error::NotFound`](crate::Error::NotFound) where the user has no
    /// such plan; [`Error::Conflict`](crate::Error::Conflict) where it is not `planning`.
    pub fn enqueue(&mut self, plan: FeaturePlanId, new: &NewGeneration) -> Result<Generation> {
        self.create(plan, new, ImplementationPlanStatus::Pending)
    }

    /// [`enqueue`](Self::enqueue), of a generation that is `processing`: its agent works.
    ///
    /// # Errors
    ///
    /// As for [`enqueue`](Self::enqueue).
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{
    ///     GenerationResult, NewGeneration, NewPlanStep, PlanStatus, factory,
    /// };
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, plan) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     Ok((user, factory::plan(uow, user, PlanStatus::Planning)?))
    /// # })?;
    ///
    /// let new = NewGeneration::new("planner");
    /// let made = store.write(|uow| uow.plan_generations(user).start(plan, &new))?;
    ///
    /// let mut result = GenerationResult::new("# The page\n\nFirst the query, then the view.");
    /// result.steps =
    ///     vec![NewPlanStep::new("Query", "Read them."), NewPlanStep::new("View", "Show them.")];
    /// let plan = store.write(|uow| {
    ///     let mut generations = uow.plan_generations(user);
    ///     assert_eq!(generations.finish(made.id, &result)?.total_steps, 2);
    ///     generations.select(plan, made.id)
    /// })?;
    /// assert_eq!(plan.implementation_plan, Some(result.implementation_plan));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn start(&mut self, plan: FeaturePlanId, new: &NewGeneration) -> Result<Generation> {
        self.create(plan, new, ImplementationPlanStatus::Processing)
    }

    fn create(
        &mut self,
        plan: FeaturePlanId,
        new: &NewGeneration,
        status: ImplementationPlanStatus,
    ) -> Result<Generation> {
        new.validate()?;
        hold::plan(&mut self.uow, self.user, plan)?
            .check_is(PlanStatus::Planning, "generations")?;
        Statement::<Row>::new(concat!(include_str!("new.sql"), include_str!("row.sql")))
            .bind::<Uuid, _>(GenerationId::new())
            .bind::<Text, _>(&new.agent_id)
            .bind::<sql_types::ImplementationPlanStatus, _>(status)
            .bind::<Nullable<Text>, _>(&new.refined_request)
            .bind::<Nullable<Jsonb>, _>(&new.discovered_files)
            .bind::<Uuid, _>(plan)
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }
}
