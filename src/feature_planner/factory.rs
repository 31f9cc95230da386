//! Users and plans for tests.

use diesel::prelude::*;
use diesel::sql_types::Uuid;

use super::keys::FeaturePlanId;
use super::labels::PlanStatus;
use super::schema::feature_planner::feature_plans;
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

/// A new plan of this user that is this far, with nothing selected.
///
/// # Errors
///
/// [`Error::Constraint`](crate::Error::Constraint) where there is no such user.
pub fn plan(uow: &mut UnitOfWork<'_>, user: UserId, status: PlanStatus) -> Result<FeaturePlanId> {
    let id = FeaturePlanId::new();
    let step = match status {
        PlanStatus::Draft | PlanStatus::Failed | PlanStatus::Cancelled => 0,
        PlanStatus::Refining => 1,
        PlanStatus::Discovering => 2,
        PlanStatus::Planning | PlanStatus::Completed => 3,
    };
    diesel::insert_into(feature_plans::table)
        .values((
            feature_plans::id.eq(id),
            feature_plans::user_id.eq(user),
            feature_plans::original_request.eq("A page that lists the invoices of a customer."),
            feature_plans::status.eq(status),
            feature_plans::current_step.eq(step),
        ))
        .execute(uow.connection())?;
    Ok(id)
}
