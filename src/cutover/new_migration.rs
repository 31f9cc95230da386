//! Migrations to store.

use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::schema::migrations_mig;
use crate::error::{Error, Result};
use crate::input;
use crate::key::UserId;

pub(super) const INPUT: &str = "cutover::NewMigration";

/// The most characters of a migration's name.
pub const MAX_MIGRATION_NAME: usize = 255;
/// The most characters of a migration's description.
pub const MAX_MIGRATION_DESCRIPTION: usize = 10_000;
/// The most characters of a migration's type.
pub const MAX_MIGRATION_TYPE: usize = 50;

/// A migration to store, or what one is to be replaced with: all but its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Insertable, AsChangeset)]
#[serde(deny_unknown_fields)]
#[diesel(table_name = migrations_mig)]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct NewMigration {
    /// What people call it: 1 to 255 characters.
    pub mig_name: String,
    /// What is moved, and why: at most 10,000 characters.
    pub mig_description: Option<String>,
    /// What kind of move it is, such as `DATA_CENTRE`: 1 to 50 characters. The host's words.
    pub mig_type: String,
    /// When the work begins.
    pub mig_start_date: Option<NaiveDate>,
    /// When the work ends. Not before it begins.
    pub mig_end_date: Option<NaiveDate>,
    /// When the business goes over.
    pub mig_business_cutover_date: Option<NaiveDate>,
    /// Who answers for it: one of the host's users.
    pub usr_id_owner: Option<UserId>,
}

impl NewMigration {
    /// A migration without description, dates and owner.
    pub fn new(mig_name: impl Into<String>, mig_type: impl Into<String>) -> Self {
        Self {
            mig_name: mig_name.into(),
            mig_description: None,
            mig_type: mig_type.into(),
            mig_start_date: None,
            mig_end_date: None,
            mig_business_cutover_date: None,
            usr_id_owner: None,
        }
    }

    /// Checks every rule of [`create`](super::MigrationRepository::create) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::NewMigration;
    ///
    /// let mut new = NewMigration::new("Data centre north", "DATA_CENTRE");
    /// new.mig_start_date = "2027-03-01".parse().ok();
    /// new.mig_end_date = "2027-06-30".parse().ok();
    /// assert!(new.validate().is_ok());
    /// new.mig_end_date = "2027-02-28".parse().ok();
    /// assert_eq!(
    ///     new.validate().unwrap_err().to_string(),
    ///     "cutover::NewMigration.mig_end_date: must not be before mig_start_date"
    /// );
    /// ```
    pub fn validate(&self) -> Result<()> {
        let refuse = |field| move |reason: String| Error::invalid(INPUT, field, reason);
        input::name(&self.mig_name, MAX_MIGRATION_NAME).map_err(refuse("mig_name"))?;
        if let Some(text) = &self.mig_description {
            input::text(text, MAX_MIGRATION_DESCRIPTION).map_err(refuse("mig_description"))?;
        }
        input::name(&self.mig_type, MAX_MIGRATION_TYPE).map_err(refuse("mig_type"))?;
        check_date(self.mig_start_date).map_err(refuse("mig_start_date"))?;
        check_date(self.mig_end_date).map_err(refuse("mig_end_date"))?;
        check_date(self.mig_business_cutover_date).map_err(refuse("mig_business_cutover_date"))?;
        match (self.mig_start_date, self.mig_end_date) {
            (Some(start), Some(end)) if end < start => {
                Err(refuse("mig_end_date")("must not be before mig_start_date".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses dates that only one of Rust and PostgreSQL has, and with them what can be no plan.
fn check_date(date: Option<NaiveDate>) -> Result<(), String> {
    match date {
        Some(date) if !(1..=9_999).contains(&date.year()) => {
            Err("must be from year 1 to 9999".to_owned())
        }
        _ => Ok(()),
    }
}
