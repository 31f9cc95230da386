//! How refinements come to a plan.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid};
use serde::{Deserialize, Serialize};

use super::super::fields::Fields;
use super::super::keys::{FeaturePlanId, RefinementId};
use super::super::labels::{PlanStatus, RefinementStatus};
use super::super::schema::feature_planner::sql_types;
use super::super::usage::{MAX_AGENT, MAX_AGENT_MODEL, MAX_TEXT};
use super::super::{explained, hold};
use super::{Refinement, RefinementRepository, Row};
use crate::error::{Error, Result};
use crate::statement::Statement;

const INPUT: &str = "feature_planner::NewRefinement";

/// The most agents that refine a request at once.
pub const MAX_AGENTS: usize = 5;

/// The model where none is named.
pub const DEFAULT_AGENT_MODEL: &str = "sonnet";

/// A refinement for an agent to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRefinement {
    /// Which agent is to try: 1 to 100 characters.
    pub agent_id: String,
    /// The model that it runs on: 1 to 50 characters, [`DEFAULT_AGENT_MODEL`] if not said.
    #[serde(default = "default_model")]
    pub agent_model: String,
    /// What people call it: 1 to 100 characters.
    #[serde(default)]
    pub agent_name: Option<String>,
    /// What it is good at: 1 to 100 characters.
    #[serde(default)]
    pub agent_role: Option<String>,
    /// The request that it is given: 1 to 100,000 characters, not blank. `None` is the plan's original
    /// one.
    #[serde(default)]
    pub input_request: Option<String>,
    /// How often it was tried before. Not negative.
    #[serde(default)]
    pub retry_count: i32,
}

fn default_model() -> String {
    DEFAULT_AGENT_MODEL.to_owned()
}

impl NewRefinement {
    /// A first try of this agent, on the model by default and the original request.
    pub fn new(agent_id: impl Into<String>) -> Self {
        Self {
            agent_id: agent_id.into(),
            agent_model: default_model(),
            agent_name: None,
            agent_role: None,
            input_request: None,
            retry_count: 0,
        }
    }

    /// Checks every rule of [`start`](RefinementRepository::start) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::NewRefinement;
    ///
    /// let new = NewRefinement::new("architect");
    /// assert_eq!(new.agent_model, "sonnet");
    /// assert!(new.validate().is_ok());
    /// assert!(NewRefinement { retry_count: -1, ..new }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        self.check(&Fields::of(INPUT))
    }

    fn check(&self, fields: &Fields) -> Result<()> {
        fields.name("agent_id", &self.agent_id, MAX_AGENT)?;
        fields.name("agent_model", &self.agent_model, MAX_AGENT_MODEL)?;
        fields.name_if("agent_name", self.agent_name.as_deref(), MAX_AGENT)?;
        fields.name_if("agent_role", self.agent_role.as_deref(), MAX_AGENT)?;
        fields.name_if("input_request", self.input_request.as_deref(), MAX_TEXT)?;
        fields.not_negative("retry_count", self.retry_count)
    }
}

impl RefinementRepository<'_> {
    /// Gives a plan that is `refining` refinements that are `pending`, in this order: 1 to 5, one for
    /// each agent. The plan's lock, and one statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule, as `agents[2].agent_id`, and for none or
    /// too many; [`Error::NotFound`] where the user has no such plan; [`Error::Conflict`] where it is
    /// not `refining`.
    pub fn enqueue(
        &mut self,
        plan: FeaturePlanId,
        agents: &[NewRefinement],
    ) -> Result<Vec<Refinement>> {
        self.create(plan, agents, RefinementStatus::Pending)
    }

    /// [`enqueue`](Self::enqueue), of refinements that are `processing`: their agents work.
    ///
    /// # Errors
    ///
    /// As for [`enqueue`](Self::enqueue).
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{
    ///     Failure, NewRefinement, PlanStatus, RefinementResult, RefinementStatus, factory,
    /// };
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (user, plan) = store.write(|uow| {
    /// #     let user = factory::user(uow)?;
    /// #     Ok((user, factory::plan(uow, user, PlanStatus::Refining)?))
    /// # })?;
    ///
    /// let agents = ["architect", "tester"].map(NewRefinement::new);
    /// let made = store.write(|uow| uow.feature_refinements(user).start(plan, &agents))?;
    ///
    /// let result = RefinementResult::new("A page of a customer's invoices, newest first.");
    /// let plan = store.write(|uow| {
    ///     let mut refinements = uow.feature_refinements(user);
    ///     refinements.fail(made[1].id, &Failure::new("the model is overloaded"))?;
    ///     let finished = refinements.finish(made[0].id, &result)?;
    ///     assert_eq!(finished.status, RefinementStatus::Completed);
    ///     assert_eq!((finished.word_count, finished.character_count), (Some(8), Some(46)));
    ///     refinements.select(plan, finished.id)
    /// })?;
    /// assert_eq!(plan.refined_request, Some(result.refined_request));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn start(
        &mut self,
        plan: FeaturePlanId,
        agents: &[NewRefinement],
    ) -> Result<Vec<Refinement>> {
        self.create(plan, agents, RefinementStatus::Processing)
    }

    fn create(
        &mut self,
        plan: FeaturePlanId,
        agents: &[NewRefinement],
        status: RefinementStatus,
    ) -> Result<Vec<Refinement>> {
        if agents.is_empty() || agents.len() > MAX_AGENTS {
            let reason = format!("must be 1 to {MAX_AGENTS}, not {}", agents.len());
            return Err(Error::invalid(INPUT, "agents", reason));
        }
        for (nth, new) in agents.iter().enumerate() {
            new.check(&Fields::nth(INPUT, "agents", nth))?;
        }
        hold::plan(&mut self.uow, self.user, plan)?
            .check_is(PlanStatus::Refining, "refinements")?;
        let ids: Vec<_> = agents.iter().map(|_| RefinementId::new()).collect();
        let texts =
            |field: fn(&NewRefinement) -> &str| -> Vec<_> { agents.iter().map(field).collect() };
        let texts_if = |field: fn(&NewRefinement) -> Option<&str>| -> Vec<_> {
            agents.iter().map(field).collect()
        };
        let retries: Vec<_> = agents.iter().map(|new| new.retry_count).collect();
        Statement::<Row>::new(concat!(include_str!("new.sql"), include_str!("row.sql")))
            .bind::<sql_types::RefinementStatus, _>(status)
            .bind::<Array<Uuid>, _>(ids)
            .bind::<Array<Text>, _>(texts(|new| &new.agent_id))
            .bind::<Array<Text>, _>(texts(|new| &new.agent_model))
            .bind::<Array<Nullable<Text>>, _>(texts_if(|new| new.agent_name.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(texts_if(|new| new.agent_role.as_deref()))
            .bind::<Array<Integer>, _>(retries)
            .bind::<Array<Nullable<Text>>, _>(texts_if(|new| new.input_request.as_deref()))
            .bind::<Uuid, _>(plan)
            .load(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }
}
