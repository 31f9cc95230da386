//! Migrations: moves of a data centre or an application.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;

use super::schema::migrations_mig;
use super::status::Status;
use crate::error::{Error, Result};
use crate::key::{UserId, uuids};
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
    /// Who changed it last.
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
}
