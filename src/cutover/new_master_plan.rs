//! Master plans to store.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::schema::plans_master_plm;
use crate::error::{Error, Result};
use crate::input;

pub(super) const INPUT: &str = "cutover::NewMasterPlan";

/// The most characters of a master plan's name.
pub const MAX_MASTER_PLAN_NAME: usize = 255;
/// The most characters of a master plan's description.
pub const MAX_MASTER_PLAN_DESCRIPTION: usize = 10_000;

/// A master plan to store, or what one is to be replaced with: all but its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Insertable, AsChangeset)]
#[serde(deny_unknown_fields)]
#[diesel(table_name = plans_master_plm)]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct NewMasterPlan {
    /// What people call it: 1 to 255 characters.
    pub plm_name: String,
    /// What it is for: at most 10,000 characters.
    pub plm_description: Option<String>,
}

impl NewMasterPlan {
    /// A master plan without a description.
    pub fn new(plm_name: impl Into<String>) -> Self {
        Self { plm_name: plm_name.into(), plm_description: None }
    }

    /// Checks every rule of [`create`](super::MasterPlanRepository::create).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::NewMasterPlan;
    ///
    /// assert!(NewMasterPlan::new("Weekend in three waves").validate().is_ok());
    /// assert!(NewMasterPlan::new(" ").validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        let refuse = |field| move |reason: String| Error::invalid(INPUT, field, reason);
        input::name(&self.plm_name, MAX_MASTER_PLAN_NAME).map_err(refuse("plm_name"))?;
        if let Some(text) = &self.plm_description {
            input::text(text, MAX_MASTER_PLAN_DESCRIPTION).map_err(refuse("plm_description"))?;
        }
        Ok(())
    }
}
