//! sqlx: a transaction of the pool, and UNNEST for the rows.

use planwright_peers::{Failure, Input, Measure, arguments, converse, introduce};
use rust_decimal::Decimal;
use sqlx::PgPool;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (url, scenario) = arguments()?;
    let pool = PgPool::connect(&url).await?;
    introduce("sqlx", "sqlx")?;
    converse(scenario, async |input| replace(&pool, input).await).await
}

async fn replace(pool: &PgPool, input: Input) -> Result<(), Failure> {
    let mut unit = pool.begin().await?;
    let plan: i64 = sqlx::query_scalar(
        "INSERT INTO plan (property_id, scenario_id, cost_of_works, contingency_cost)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (property_id, scenario_id) DO UPDATE
            SET cost_of_works = excluded.cost_of_works,
                contingency_cost = excluded.contingency_cost
         RETURNING id",
    )
    .bind(input.property)
    .bind(input.scenario)
    .bind(input.cost_of_works)
    .bind(input.contingency_cost)
    .fetch_one(&mut *unit)
    .await?;
    sqlx::query("DELETE FROM recommendation WHERE plan_id = $1")
        .bind(plan)
        .execute(&mut *unit)
        .await?;
    let positions: Vec<i32> = (0..).take(input.measures.len()).collect();
    let numbers = |of: fn(&Measure) -> Decimal| -> Vec<Decimal> {
        input.measures.iter().map(of).collect()
    };
    let types: Vec<&str> = input.measures.iter().map(|m| m.measure_type.as_str()).collect();
    let descriptions: Vec<&str> = input.measures.iter().map(|m| m.description.as_str()).collect();
    sqlx::query(
        "INSERT INTO recommendation (plan_id, property_id, position, measure_type, description,
                                     estimated_cost, sap_points, co2_savings_tonnes)
         SELECT $1, $2, *
           FROM UNNEST($3::int[], $4::text[], $5::text[], $6::numeric[], $7::numeric[],
                       $8::numeric[])",
    )
    .bind(plan)
    .bind(input.property)
    .bind(positions)
    .bind(types)
    .bind(descriptions)
    .bind(numbers(|m| m.estimated_cost))
    .bind(numbers(|m| m.sap_points))
    .bind(numbers(|m| m.co2_savings_tonnes))
    .execute(&mut *unit)
    .await?;
    Ok(unit.commit().await?)
}
