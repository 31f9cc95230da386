//! Migrations: moves of a data centre or an application.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Uuid};
use serde::Serialize;

use super::explained;
use super::master_plan::MasterPlan;
use super::new_migration::NewMigration;
use super::schema::{migrations_mig, plans_master_plm};
use super::status::Status;
use crate::error::{Error, Result};
use crate::key::{UserId, uuids};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::Migration";

uuids! {
    /// The key of a [`Migration`].
    MigrationId;
}

/// A move of a data centre or an application: a container of iterations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = migrations_mig)]
pub struct Migration {
    /// The key.
    pub mig_id: MigrationId,
    /// What people call it.
    pub mig_name: String,
    /// What is moved, and why.
    pub mig_description: Option<String>,
    /// How far it is.
    pub mig_status: Status,
    /// What kind of move it is, such as `DATA_CENTRE`. The host's words.
    pub mig_type: String,
    /// When the work begins.
    pub mig_start_date: Option<NaiveDate>,
    /// When the work ends.
    pub mig_end_date: Option<NaiveDate>,
    /// When the business goes over.
    pub mig_business_cutover_date: Option<NaiveDate>,
    /// Who answers for it.
    pub usr_id_owner: Option<UserId>,
    /// Who made it: the [actor](crate::Transaction::actor) of the unit of work.
    pub created_by: Option<String>,
    /// When it was made: the start of that transaction.
    pub created_at: DateTime<Utc>,
    /// Who changed it last, of those who were named: a change without an actor leaves it.
    pub updated_by: Option<String>,
    /// When it was changed last: the start of that transaction.
    pub updated_at: DateTime<Utc>,
}

impl UnitOfWork<'_> {
    /// The cutover migrations. Those of the schema are run by [`migrate`](crate::migrate).
    pub fn cutover_migrations(&mut self) -> MigrationRepository<'_> {
        MigrationRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Migration`]s. Who may see or change one is the host's decision.
#[derive(Debug)]
pub struct MigrationRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl MigrationRepository<'_> {
    /// The migration with this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: MigrationId) -> Result<Option<Migration>> {
        Ok(Migration::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The migration with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: MigrationId) -> Result<Migration> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The master plans that the migration's iterations run, each once, by name. None where it has no
    /// iteration. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such migration.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{MigrationId, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    /// # let id = store.write(|uow| factory::migration(uow, "Data centre north"))?;
    ///
    /// let plans = |id| store.read(|uow| uow.cutover_migrations().plans(id));
    /// // It has no iteration yet.
    /// assert!(plans(id)?.is_empty());
    /// assert!(plans(MigrationId::new()).unwrap_err().is_not_found());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn plans(&mut self, id: MigrationId) -> Result<Vec<MasterPlan>> {
        let found: Vec<Option<MasterPlan>> = Statement::<Nullable<plans_master_plm::SqlType>>::new(
            include_str!("plans_of_migration.sql"),
        )
        .bind::<Uuid, _>(id)
        .bind::<Uuid, _>(id)
        .load(self.uow.connection())?;
        if found.is_empty() {
            return Err(Error::not_found(ENTITY, id));
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Stores a migration, which begins as [`Status::Planning`]. It is a container: which master plans
    /// it uses, its iterations say.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::Constraint`] where there is no
    /// such owner.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{NewMigration, Status};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    ///
    /// let new = NewMigration::new("Data centre north", "DATA_CENTRE");
    /// let made = store
    ///     .transaction()
    ///     .actor("amy")
    ///     .run(|uow| uow.cutover_migrations().create(&new))?;
    /// assert_eq!(made.mig_status, Status::Planning);
    /// assert_eq!(made.created_by.as_deref(), Some("amy"));
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn create(&mut self, new: &NewMigration) -> Result<Migration> {
        new.validate()?;
        diesel::insert_into(migrations_mig::table)
            .values((migrations_mig::mig_id.eq(MigrationId::new()), new))
            .returning(Migration::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Replaces all that a migration was made with; its status stays. Of two callers the last one wins.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where there is no
    /// migration with this key; [`Error::Constraint`] where there is no such owner.
    pub fn update(&mut self, id: MigrationId, new: &NewMigration) -> Result<Migration> {
        new.validate()?;
        diesel::update(migrations_mig::table.find(id))
            .set(new)
            .returning(Migration::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Brings a migration from the status that the caller saw to the next one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTransition`] for a step that there is not, before anything is sent;
    /// [`Error::NotFound`] where there is no migration with this key; [`Error::Conflict`] where it has
    /// another status than `from` by now, and nothing is changed.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::cutover::{Status, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::Cutover])?;
    /// # let store = database.store();
    /// # let id = store.write(|uow| factory::migration(uow, "Data centre north"))?;
    ///
    /// let set = |from, to| store.write(|uow| uow.cutover_migrations().set_status(id, from, to));
    /// assert_eq!(set(Status::Planning, Status::InProgress)?.mig_status, Status::InProgress);
    /// // Somebody who still sees it in planning changes nothing.
    /// assert!(set(Status::Planning, Status::Cancelled).unwrap_err().is_conflict());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn set_status(&mut self, id: MigrationId, from: Status, to: Status) -> Result<Migration> {
        from.check_step(to, ENTITY, id)?;
        let set = diesel::update(migrations_mig::table.find(id))
            .filter(migrations_mig::mig_status.eq(from))
            .set(migrations_mig::mig_status.eq(to))
            .returning(Migration::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        match set {
            Some(migration) => Ok(migration),
            None => Err(from.lost(ENTITY, id, self.get(id)?.mig_status)),
        }
    }

    /// Deletes a migration without iterations.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this key; [`Error::Constraint`] while it has
    /// iterations.
    pub fn delete(&mut self, id: MigrationId) -> Result<()> {
        let deleted = diesel::delete(migrations_mig::table.find(id))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if deleted == 0 { Err(Error::not_found(ENTITY, id)) } else { Ok(()) }
    }
}
