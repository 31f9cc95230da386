//! Rows that tests of migrations and master plans look at.

use planwright::cutover::{IterationId, MasterPlanId, MigrationId, Status};
use planwright::{Result, Store, UnitOfWork};

use crate::support::execute;

/// An iteration of this name, by hand.
pub(super) fn iteration(
    uow: &mut UnitOfWork<'_>,
    migration: MigrationId,
    plan: MasterPlanId,
    name: &str,
) -> Result<IterationId> {
    let id = IterationId::new();
    execute(
        uow,
        &format!(
            "INSERT INTO iterations_ite (ite_id, mig_id, plm_id, itt_code, ite_name)
             VALUES ('{id}', '{migration}', '{plan}', 'RUN', '{name}')"
        ),
    )?;
    Ok(id)
}

/// Gives the row of this key any status, by hand.
pub(super) fn put_status(store: &Store, table: &str, key: impl std::fmt::Display, status: Status) {
    let (prefix, id) = match table {
        "migrations_mig" => ("mig_status", "mig_id"),
        _ => ("plm_status", "plm_id"),
    };
    let sql = format!("UPDATE {table} SET {prefix} = '{status}' WHERE {id} = '{key}'");
    assert_eq!(store.write(|uow| execute(uow, &sql)).unwrap(), 1);
}

/// The steps that there are.
pub(super) const STEPS: [(Status, Status); 4] = [
    (Status::Planning, Status::InProgress),
    (Status::InProgress, Status::Completed),
    (Status::Planning, Status::Cancelled),
    (Status::InProgress, Status::Cancelled),
];

/// Every status that a row has, that a caller saw, and that it asks for.
pub(super) fn every_try() -> impl Iterator<Item = (Status, Status, Status)> {
    let all = Status::ALL;
    all.into_iter().flat_map(move |stored| {
        all.into_iter().flat_map(move |from| all.into_iter().map(move |to| (stored, from, to)))
    })
}
