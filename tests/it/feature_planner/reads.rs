//! How many rows operations read where others have many.

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use planwright::feature_planner::{
    GenerationResult, NewFeaturePlan, NewGeneration, NewPlanStep, PlanStatus, TemplateFilter,
};
use planwright::{Page, Result, UnitOfWork};

use super::Office;

fn batch(office: &Office, sql: &str) {
    let sql = sql.replace("{user}", &office.user.to_string());
    let mut connection = PgConnection::establish(office.database.url()).unwrap();
    connection.batch_execute(&sql).unwrap();
}

/// How many rows of this table the work reads.
fn read<T>(
    uow: &mut UnitOfWork<'_>,
    table: &str,
    work: impl FnOnce(&mut UnitOfWork<'_>) -> Result<T>,
) -> Result<(T, i64)> {
    #[derive(QueryableByName)]
    struct Rows {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let sql = format!(
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables
          WHERE relid = 'feature_planner.{table}'::regclass"
    );
    let before = diesel::sql_query(&sql).get_result::<Rows>(uow.connection())?.rows;
    let done = work(uow)?;
    let after = diesel::sql_query(&sql).get_result::<Rows>(uow.connection())?.rows;
    Ok((done, after - before))
}

#[test]
fn a_users_templates_are_found_among_those_of_many_that_were_used_more() {
    let office = Office::new();
    batch(
        &office,
        "INSERT INTO feature_planner.plan_step_templates
                    (user_id, name, title, category, description, content, usage_count)
             SELECT u.id, 'n', 't', 'c', 'd', 'c', CASE WHEN u.id = '{user}' THEN 0 ELSE n % 50 END
               FROM public.users u, generate_series(1, 10000) n
              WHERE u.id <> '{user}' OR n <= 500;
             ANALYZE feature_planner.plan_step_templates",
    );
    for filter in [TemplateFilter::all().own(), TemplateFilter::all()] {
        office
            .store()
            .read(|uow| {
                for _ in 0..7 {
                    let (found, rows) = read(uow, "plan_step_templates", |uow| {
                        uow.step_templates(office.user).list(&filter, Page::first(20))
                    })?;
                    assert_eq!(found.items.len(), 20);
                    assert_eq!(rows, 500, "{filter:?}");
                }
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_version_reads_its_family_alone_where_nothing_is_known_of_the_table() {
    let office = Office::new();
    batch(
        &office,
        "ALTER TABLE feature_planner.feature_plans SET (autovacuum_enabled = false);
         INSERT INTO feature_planner.feature_plans (user_id, original_request)
         SELECT u.id, 'Sort invoices by date.' FROM public.users u, generate_series(1, 10000)",
    );
    let new = NewFeaturePlan::new("Sort invoices by date.");
    let rows = office.store().write(|uow| {
        let first = uow.feature_plans(office.user).create(&new)?.id;
        let (_, rows) = read(uow, "feature_plans", |uow| {
            uow.feature_plans(office.user).new_version(first, None)
        })?;
        Ok(rows)
    });
    let rows = rows.unwrap();
    assert!(rows < 50, "{rows}");
}

#[test]
fn an_order_reads_the_steps_of_its_generation_alone_where_nothing_is_known_of_the_table() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let mut result = GenerationResult::new("# Plan");
    result.steps = vec![NewPlanStep::new("Step", ""); 1_000];
    batch(
        &office,
        "ALTER TABLE feature_planner.plan_steps SET (autovacuum_enabled = false);
         INSERT INTO feature_planner.implementation_plan_generations (plan_id, agent_id, refined_request)
         SELECT id, 'a', 'x' FROM feature_planner.feature_plans, generate_series(1, 50);
         INSERT INTO feature_planner.plan_steps
                (plan_generation_id, display_order, step_number, title, description)
         SELECT g.id, n - 1, n, 's', '' FROM feature_planner.implementation_plan_generations g,
                generate_series(1, 1000) n",
    );
    let rows = office.store().write(|uow| {
        let mut generations = uow.plan_generations(office.user);
        let id = generations.start(plan, &NewGeneration::new("a"))?.id;
        generations.finish(id, &result)?;
        let mut order: Vec<_> = generations.steps(id)?.iter().map(|step| step.id).collect();
        order.reverse();
        let ((), rows) =
            read(uow, "plan_steps", |uow| uow.plan_generations(office.user).reorder(id, &order))?;
        Ok(rows)
    });
    let rows = rows.unwrap();
    assert!(rows < 10_000, "{rows}");
}
