//! Feature plans to store, and what is changed of them before the work begins.

use diesel::dsl::now;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::explained;
use super::super::keys::FeaturePlanId;
use super::super::labels::PlanStatus;
use super::super::schema::feature_planner::feature_plans;
use super::super::usage::MAX_JSON;
use super::{ENTITY, FeaturePlan, FeaturePlanRepository};
use crate::error::{Error, Result};
use crate::input;

const INPUT: &str = "feature_planner::NewFeaturePlan";
const UPDATE: &str = "feature_planner::FeaturePlanUpdate";

/// The fewest characters of a request.
pub const MIN_REQUEST: usize = 10;
/// The most characters of a request.
pub const MAX_REQUEST: usize = 5_000;
/// The most characters of the name of an agent's session.
pub const MAX_SESSION: usize = 255;

/// A feature plan to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFeaturePlan {
    /// What is asked for: 10 to 5,000 characters, not blank.
    pub original_request: String,
    /// How refinements are to be made, as the application keeps it: at most [`MAX_JSON`] bytes.
    #[serde(default)]
    pub refinement_settings: Option<Value>,
    /// The session of the agent, by its own name: at most 255 characters.
    #[serde(default)]
    pub session_id: Option<String>,
}

impl NewFeaturePlan {
    /// A plan without settings and session.
    pub fn new(original_request: impl Into<String>) -> Self {
        Self {
            original_request: original_request.into(),
            refinement_settings: None,
            session_id: None,
        }
    }

    /// Checks every rule of [`create`](FeaturePlanRepository::create) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::NewFeaturePlan;
    ///
    /// assert!(NewFeaturePlan::new("Sort invoices by date.").validate().is_ok());
    /// assert_eq!(
    ///     NewFeaturePlan::new("Sort").validate().unwrap_err().to_string(),
    ///     "feature_planner::NewFeaturePlan.original_request: must be at least 10 characters"
    /// );
    /// ```
    pub fn validate(&self) -> Result<()> {
        let Self { original_request, refinement_settings, session_id } = self;
        check(INPUT, original_request, refinement_settings.as_ref(), session_id.as_deref())
    }
}

/// What a draft shall say: all of it, so begin with what is stored.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::{FeaturePlan, FeaturePlanUpdate};
///
/// fn in_session(stored: &FeaturePlan, session: &str) -> FeaturePlanUpdate {
///     FeaturePlanUpdate { session_id: Some(session.into()), ..stored.into() }
/// }
/// # let _ = in_session;
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturePlanUpdate {
    /// What is asked for: 10 to 5,000 characters, not blank.
    pub original_request: String,
    /// How refinements are to be made, as the application keeps it: at most [`MAX_JSON`] bytes.
    pub refinement_settings: Option<Value>,
    /// The session of the agent, by its own name: at most 255 characters.
    pub session_id: Option<String>,
}

impl From<&FeaturePlan> for FeaturePlanUpdate {
    /// One that changes nothing.
    fn from(stored: &FeaturePlan) -> Self {
        Self {
            original_request: stored.original_request.clone(),
            refinement_settings: stored.refinement_settings.clone(),
            session_id: stored.session_id.clone(),
        }
    }
}

impl FeaturePlanUpdate {
    /// Checks every rule of [`update`](FeaturePlanRepository::update) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let Self { original_request, refinement_settings, session_id } = self;
        check(UPDATE, original_request, refinement_settings.as_ref(), session_id.as_deref())
    }
}

fn check(
    entity: &'static str,
    request: &str,
    settings: Option<&Value>,
    session: Option<&str>,
) -> Result<()> {
    check_request(entity, request)?;
    if let Some(settings) = settings {
        input::json(settings, MAX_JSON)
            .map_err(|why| Error::invalid(entity, "refinement_settings", why))?;
    }
    input::text(session.unwrap_or_default(), MAX_SESSION)
        .map_err(|why| Error::invalid(entity, "session_id", why))
}

/// The rules of a request. `entity` is the input that it stands in.
pub(super) fn check_request(entity: &'static str, request: &str) -> Result<()> {
    let refuse = |why: String| Error::invalid(entity, "original_request", why);
    input::name(request, MAX_REQUEST).map_err(refuse)?;
    if request.chars().nth(MIN_REQUEST - 1).is_none() {
        return Err(refuse(format!("must be at least {MIN_REQUEST} characters")));
    }
    Ok(())
}

impl FeaturePlanRepository<'_> {
    /// Stores a new plan of the user's: a draft, and the first version of its request. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::Constraint`] where there is no
    /// such user.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{NewFeaturePlan, PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    ///
    /// let new = NewFeaturePlan::new("Sort invoices by date.");
    /// let plan = store.write(|uow| uow.feature_plans(user).create(&new))?;
    /// assert_eq!((plan.status, plan.version), (PlanStatus::Draft, 1));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn create(&mut self, new: &NewFeaturePlan) -> Result<FeaturePlan> {
        new.validate()?;
        diesel::insert_into(feature_plans::table)
            .values((
                feature_plans::id.eq(FeaturePlanId::new()),
                feature_plans::user_id.eq(self.user),
                feature_plans::original_request.eq(&new.original_request),
                feature_plans::refinement_settings.eq(&new.refinement_settings),
                feature_plans::session_id.eq(&new.session_id),
            ))
            .returning(FeaturePlan::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Changes what a draft says. One statement; one more where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where the user has no
    /// such plan; [`Error::Conflict`] where it is no draft any more: then a
    /// [new version](Self::new_version) can say something else.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{FeaturePlanUpdate, NewFeaturePlan, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// # let new = NewFeaturePlan::new("Sort invoices by date.");
    /// # let plan = store.write(|uow| uow.feature_plans(user).create(&new))?;
    ///
    /// let original_request = "Sort invoices by customer.".to_owned();
    /// let update = FeaturePlanUpdate { original_request, ..(&plan).into() };
    /// let changed = store.write(|uow| uow.feature_plans(user).update(plan.id, &update))?;
    /// assert_eq!(changed.original_request, "Sort invoices by customer.");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn update(&mut self, id: FeaturePlanId, update: &FeaturePlanUpdate) -> Result<FeaturePlan> {
        update.validate()?;
        let changed = diesel::update(feature_plans::table.find(id))
            .filter(feature_plans::user_id.eq(self.user))
            .filter(feature_plans::status.eq(PlanStatus::Draft))
            .set((
                feature_plans::original_request.eq(&update.original_request),
                feature_plans::refinement_settings.eq(&update.refinement_settings),
                feature_plans::session_id.eq(&update.session_id),
                feature_plans::updated_at.eq(now),
            ))
            .returning(FeaturePlan::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(changed) = changed {
            return Ok(changed);
        }
        let status = self.status(id)?;
        Err(Error::conflict(ENTITY, id, format!("is {status}: only a draft is changed")))
    }
}
