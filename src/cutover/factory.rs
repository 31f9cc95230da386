//! Users, master plans and migrations for tests.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid};

use super::master_plan::MasterPlanId;
use super::migration::MigrationId;
use crate::error::Result;
use crate::key::UserId;
use crate::unit_of_work::UnitOfWork;

/// A new user, in a `public.users` without other columns that need a value.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) and the like, as for any statement.
pub fn user(uow: &mut UnitOfWork<'_>) -> Result<UserId> {
    let id = UserId::new();
    diesel::sql_query("INSERT INTO public.users (id) VALUES ($1)")
        .bind::<Uuid, _>(id)
        .execute(uow.connection())?;
    Ok(id)
}

/// A new master plan of this name.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) and the like, as for any statement.
pub fn master_plan(uow: &mut UnitOfWork<'_>, name: &str) -> Result<MasterPlanId> {
    let id = MasterPlanId::new();
    diesel::sql_query("INSERT INTO plans_master_plm (plm_id, plm_name) VALUES ($1, $2)")
        .bind::<Uuid, _>(id)
        .bind::<Text, _>(name)
        .execute(uow.connection())?;
    Ok(id)
}

/// A new migration of this name, without a master plan of its own.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) and the like, as for any statement.
pub fn migration(uow: &mut UnitOfWork<'_>, name: &str) -> Result<MigrationId> {
    let id = MigrationId::new();
    diesel::sql_query(
        "INSERT INTO migrations_mig (mig_id, mig_name, mig_type) VALUES ($1, $2, 'APPLICATION')",
    )
    .bind::<Uuid, _>(id)
    .bind::<Text, _>(name)
    .execute(uow.connection())?;
    Ok(id)
}
