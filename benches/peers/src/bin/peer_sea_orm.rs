//! SeaORM: entities, an upsert, `delete_many` and `insert_many` in a transaction.

use planwright_peers::{Failure, Input, arguments, converse, introduce};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Database, Set, TransactionTrait};

mod plan {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub property_id: i64,
        pub scenario_id: i64,
        pub cost_of_works: Decimal,
        pub contingency_cost: Decimal,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod recommendation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recommendation")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub plan_id: Option<i64>,
        pub property_id: i64,
        pub position: Option<i32>,
        pub measure_type: String,
        pub description: String,
        pub estimated_cost: Option<Decimal>,
        pub sap_points: Option<Decimal>,
        pub co2_savings_tonnes: Option<Decimal>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (url, scenario) = arguments()?;
    let database = Database::connect(url).await?;
    introduce("SeaORM", "sea-orm")?;
    converse(scenario, async |input| replace(&database, input).await).await
}

async fn replace(database: &DatabaseConnection, input: Input) -> Result<(), Failure> {
    let unit = database.begin().await?;
    let key = [plan::Column::PropertyId, plan::Column::ScenarioId];
    let figures = [plan::Column::CostOfWorks, plan::Column::ContingencyCost];
    let plan = plan::Entity::insert(plan::ActiveModel {
        property_id: Set(input.property),
        scenario_id: Set(input.scenario),
        cost_of_works: Set(input.cost_of_works),
        contingency_cost: Set(input.contingency_cost),
        ..Default::default()
    })
    .on_conflict(OnConflict::columns(key).update_columns(figures).to_owned())
    .exec(&unit)
    .await?
    .last_insert_id;
    recommendation::Entity::delete_many()
        .filter(recommendation::Column::PlanId.eq(plan))
        .exec(&unit)
        .await?;
    let property = input.property;
    let rows = input.measures.into_iter().zip(0..).map(|(measure, position)| {
        recommendation::ActiveModel {
            plan_id: Set(Some(plan)),
            property_id: Set(property),
            position: Set(Some(position)),
            measure_type: Set(measure.measure_type),
            description: Set(measure.description),
            estimated_cost: Set(Some(measure.estimated_cost)),
            sap_points: Set(Some(measure.sap_points)),
            co2_savings_tonnes: Set(Some(measure.co2_savings_tonnes)),
            ..Default::default()
        }
    });
    recommendation::Entity::insert_many(rows).exec(&unit).await?;
    Ok(unit.commit().await?)
}
