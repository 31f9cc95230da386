//! What people write about an iteration, and how far it is.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text, Timestamptz, Uuid};
use serde::{Deserialize, Serialize};

use super::explained;
use super::iteration::{self, Iteration, IterationId, IterationRepository, IterationRow};
use super::migration::MigrationId;
use super::schema::sql_types::CutoverStatus;
use super::schema::{iterations_ite, migrations_mig};
use super::status::Status;
use crate::error::{Error, Result};
use crate::statement::Statement;

const INPUT: &str = "cutover::IterationUpdate";

/// What an iteration shall say of itself: all of it, so begin with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IterationUpdate {
    /// What people call it: 1 to 255 characters. Unique in the migration.
    pub ite_name: String,
    /// What is special about it: at most 10,000 characters.
    pub ite_description: Option<String>,
    /// When the cutover is agreed to be: in the years 1 to 9999.
    pub ite_static_cutover_date: Option<DateTime<Utc>>,
    /// When the cutover is now expected to be: in the years 1 to 9999.
    pub ite_dynamic_cutover_date: Option<DateTime<Utc>>,
}

impl From<&Iteration> for IterationUpdate {
    /// One that changes nothing.
    fn from(stored: &Iteration) -> Self {
        Self {
            ite_name: stored.ite_name.clone(),
            ite_description: stored.ite_description.clone(),
            ite_static_cutover_date: stored.ite_static_cutover_date,
            ite_dynamic_cutover_date: stored.ite_dynamic_cutover_date,
        }
    }
}

impl IterationUpdate {
    /// Checks every rule of [`update`](IterationRepository::update) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        let dates = [
            ("ite_static_cutover_date", self.ite_static_cutover_date),
            ("ite_dynamic_cutover_date", self.ite_dynamic_cutover_date),
        ];
        iteration::check(INPUT, &self.ite_name, self.ite_description.as_deref(), dates)
    }
}

impl IterationRepository<'_> {
    /// Changes what an iteration says of itself, however far it is. Its migration's lock, and one
    /// statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where there is no such
    /// iteration; [`Error::Conflict`] where its migration has another one of the new name, and
    /// [`Error::Constraint`] where that one could not be seen yet, as for
    /// [`link`](Self::link).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::cutover::{Iteration, IterationUpdate};
    /// # fn f(store: &planwright::Store, rehearsal: &Iteration, later: chrono::DateTime<chrono::Utc>) -> planwright::Result<()> {
    /// let update =
    ///     IterationUpdate { ite_dynamic_cutover_date: Some(later), ..rehearsal.into() };
    /// store.write(|uow| uow.iterations().update(rehearsal.ite_id, &update))?;
    /// # Ok(()) }
    /// ```
    pub fn update(&mut self, id: IterationId, update: &IterationUpdate) -> Result<Iteration> {
        update.validate()?;
        let absent = || Error::not_found(iteration::ENTITY, id);
        let own = iterations_ite::table
            .filter(iterations_ite::ite_id.eq(id))
            .select(iterations_ite::mig_id);
        let migration: Option<MigrationId> = migrations_mig::table
            .filter(migrations_mig::mig_id.eq_any(own))
            .select(migrations_mig::mig_id)
            .for_no_key_update()
            .first(self.uow.connection())
            .optional()?;
        let migration = migration.ok_or_else(absent)?;
        let row: Option<(bool, Iteration)> =
            Statement::<(Bool, IterationRow)>::new(include_str!("iteration_update.sql"))
                .bind::<Uuid, _>(migration)
                .bind::<Text, _>(&update.ite_name)
                .bind::<Uuid, _>(id)
                .bind::<Uuid, _>(id)
                .bind::<Text, _>(&update.ite_name)
                .bind::<Text, _>(&update.ite_name)
                .bind::<Nullable<Text>, _>(&update.ite_description)
                .bind::<Nullable<Timestamptz>, _>(update.ite_static_cutover_date)
                .bind::<Nullable<Timestamptz>, _>(update.ite_dynamic_cutover_date)
                .bind::<Uuid, _>(id)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
        // None: unlinked while the lock was waited for.
        let (is_changed, iteration) = row.ok_or_else(absent)?;
        if is_changed {
            return Ok(iteration);
        }
        let Iteration { ite_id: other, ite_name: name, .. } = iteration;
        let reason = format!("iteration {other} of its migration is named {name:?} already");
        Err(Error::conflict(iteration::ENTITY, id, reason))
    }

    /// Takes the step from the status that the caller saw to the next. One statement; one more
    /// where it is refused.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTransition`] where there is no such step, before the server is asked;
    /// [`Error::NotFound`] where there is no such iteration; [`Error::Conflict`] where it is no longer
    /// what the caller saw, with both statuses.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::cutover::{IterationId, Status};
    /// # fn f(store: &planwright::Store, rehearsal: IterationId) -> planwright::Result<()> {
    /// store.write(|uow| {
    ///     uow.iterations().set_status(rehearsal, Status::Planning, Status::InProgress)
    /// })?;
    /// # Ok(()) }
    /// ```
    pub fn set_status(&mut self, id: IterationId, from: Status, to: Status) -> Result<Iteration> {
        from.check_step(to, iteration::ENTITY, id)?;
        let changed: Option<Iteration> =
            Statement::<IterationRow>::new(include_str!("iteration_status.sql"))
                .bind::<CutoverStatus, _>(to)
                .bind::<Uuid, _>(id)
                .bind::<CutoverStatus, _>(from)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
        if let Some(changed) = changed {
            return Ok(changed);
        }
        let stored: Option<Status> = iterations_ite::table
            .find(id)
            .select(iterations_ite::ite_status)
            .first(self.uow.connection())
            .optional()?;
        let stored = stored.ok_or_else(|| Error::not_found(iteration::ENTITY, id))?;
        Err(from.lost(iteration::ENTITY, id, stored))
    }
}
