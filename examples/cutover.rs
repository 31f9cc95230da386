//! Tells the story of a data centre that moves: rehearsed by one master plan, cut over by another.
//! `cargo run --example cutover`.
//!
//! On the database that `DATABASE_URL` names, else on a private server that is gone afterwards. Each
//! run has a user, a migration and two master plans of its own. On the host's database the policy of
//! one open cutover is turned on for the story, and off again unless it was on before.

use std::error::Error;
use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use planwright::cutover::{
    Iteration, IterationFilter, IterationTypeCode, Linked, MasterPlan, Migration, MigrationId,
    NewIteration, NewMasterPlan, NewMigration, Status, policy,
};
use planwright::local_server::Database;
use planwright::migrate::Migrator;
use planwright::{Context, Page, Store, StoreOptions, UnitOfWork, UserId};

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let database = Database::from_env()?; // DATABASE_URL, or a private PostgreSQL
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::Cutover]).up()?;
    tell(&store, &mut io::stdout().lock())
}

pub(crate) fn tell(store: &Store, out: &mut dyn Write) -> Done {
    let (migration, [plan_a, plan_b]) = prepare(store)?;
    let id = migration.mig_id;
    writeln!(
        out,
        "{} is to move. It has no master plan, its iterations will.",
        migration.mig_name
    )?;

    writeln!(out, "\nThe dress rehearsal follows plan A, and is linked twice:")?;
    let new = NewIteration {
        ite_static_cutover_date: Some(noon(2027, 3, 6)),
        ..NewIteration::new(id, plan_a.plm_id, IterationTypeCode::dress_rehearsal(), "Rehearsal 1")
    };
    let rehearsal = link(store, out, &new)?;
    link(store, out, &new)?;
    let other = NewIteration { plm_id: plan_b.plm_id, ..new };
    refused(out, store.write(|uow| uow.iterations().link(&other)))?;

    writeln!(out, "\nAmy begins it. Ben saw the same page, and comes second:")?;
    let rehearsal = status(store, out, "amy", &rehearsal, Status::InProgress)?;
    let (key, seen) = (rehearsal.ite_id, Status::Planning);
    refused(out, store.write(|uow| uow.iterations().set_status(key, seen, Status::Cancelled)))?;
    let rehearsal = status(store, out, "amy", &rehearsal, Status::Completed)?;
    refused(out, store.write(|uow| uow.iterations().relink(key, plan_b.plm_id)))?;

    let was_on = policy::is_enabled(store)?;
    policy::enable(store)?;
    writeln!(out, "\nThe cutover follows plan B. The host wants one that is open, and no more:")?;
    let code = IterationTypeCode::cutover();
    let cutover = NewIteration {
        ite_static_cutover_date: Some(noon(2027, 4, 3)),
        ..NewIteration::new(id, plan_b.plm_id, code.clone(), "Cutover")
    };
    let cutover = link(store, out, &cutover)?;
    let second = NewIteration::new(id, plan_b.plm_id, code.clone(), "Cutover, second try");
    refused(out, store.write(|uow| uow.iterations().link(&second)))?;
    status(store, out, "ben", &cutover, Status::Cancelled)?;
    let second = link(store, out, &second)?;
    if !was_on {
        policy::disable(store)?;
    }

    writeln!(out, "\nWhat the latest cutover has that the rehearsal had not:")?;
    let latest = store.read(|uow| uow.iterations().latest(id, &code))?;
    assert_eq!(latest.as_ref(), Some(&second), "the one that came last");
    let compared = store.read(|uow| uow.iterations().compare(rehearsal.ite_id, second.ite_id))?;
    compared.to_string().lines().try_for_each(|line| writeln!(out, "  {line}"))?;
    report(store, out, id)
}

/// A user as the host would make one, where `users` has no other column that needs a value.
fn user(uow: &mut UnitOfWork<'_>) -> planwright::Result<UserId> {
    let id = UserId::new();
    diesel::sql_query("INSERT INTO users (id) VALUES ($1)")
        .bind::<Uuid, _>(id)
        .execute(uow.connection())?;
    Ok(id)
}

fn prepare(store: &Store) -> planwright::Result<(Migration, [MasterPlan; 2])> {
    store.transaction().actor("amy").run(|uow| {
        let owner = user(uow)?;
        let migration = uow.cutover_migrations().create(&NewMigration {
            mig_start_date: NaiveDate::from_ymd_opt(2027, 1, 11),
            mig_end_date: NaiveDate::from_ymd_opt(2027, 4, 30),
            usr_id_owner: Some(owner),
            ..NewMigration::new("Data centre north", "DATA_CENTRE")
        })?;
        let mut plans = uow.master_plans();
        let a = plans.create(&NewMasterPlan::new("A: by the book"))?;
        let b = plans.create(&NewMasterPlan::new("B: with a way back"))?;
        Ok((migration, [a, b]))
    })
}

fn noon(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, 12, 0, 0).single().expect("a date")
}

fn link(store: &Store, out: &mut dyn Write, new: &NewIteration) -> Done<Iteration> {
    let linked = store.transaction().actor("amy").run(|uow| uow.iterations().link(new))?;
    let what = match &linked {
        Linked::Created(_) => "is new",
        Linked::Found(_) => "is there already, and stays as it is",
    };
    writeln!(out, "  {} {what}", new.ite_name)?;
    Ok(linked.into_iteration())
}

fn status(
    store: &Store,
    out: &mut dyn Write,
    who: &str,
    iteration: &Iteration,
    to: Status,
) -> Done<Iteration> {
    let (id, from) = (iteration.ite_id, iteration.ite_status);
    let set =
        store.transaction().actor(who).run(|uow| uow.iterations().set_status(id, from, to))?;
    let by = set.updated_by.as_deref().unwrap_or("nobody");
    writeln!(out, "  {} is {}, by {by}", set.ite_name, set.ite_status)?;
    Ok(set)
}

fn refused<T: std::fmt::Debug>(out: &mut dyn Write, result: planwright::Result<T>) -> Done {
    match result {
        Err(error) => Ok(writeln!(out, "  refused: {error}")?),
        Ok(value) => Err(format!("not refused: {value:?}").into()),
    }
}

/// The master plans by iteration, and of the migration as a whole.
fn report(store: &Store, out: &mut dyn Write, id: MigrationId) -> Done {
    writeln!(out, "\nThe report:")?;
    let (plans, iterations) = store.read(|uow| {
        let plans = uow.cutover_migrations().plans(id)?;
        let filter = IterationFilter::all().migration(id);
        Ok((plans, uow.iterations().list(&filter, Page::first(100))?.items))
    })?;
    let name = |iteration: &Iteration| {
        let plan = plans.iter().find(|plan| plan.plm_id == iteration.plm_id);
        plan.map_or("?", |plan| &plan.plm_name).to_owned()
    };
    for iteration in &iterations {
        let Iteration { ite_name, itt_code, ite_status, .. } = iteration;
        let (code, status) = (itt_code.as_str(), ite_status.label());
        let date = iteration.ite_static_cutover_date.map(|date| date.date_naive().to_string());
        let (date, plan) = (date.unwrap_or_default(), name(iteration));
        writeln!(out, "  {ite_name:<20} {code:<8} {status:<10} {date:<11} {plan}")?;
    }
    let names: Vec<_> = plans.iter().map(|plan| plan.plm_name.as_str()).collect();
    Ok(writeln!(
        out,
        "  {} iterations of {} master plans: {names:?}",
        iterations.len(),
        plans.len()
    )?)
}
