//! What is read before and after: the content of the old plans, and what the writer has written.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _};
use planwright::verify::{Mapping, Source};
use planwright::{Store, UnitOfWork};

use super::legacy::Legacy;
use super::live::{Acknowledged, LATE};

/// What the old plans had selected is read from the join, and later from the column.
pub(super) struct Content {
    pub(super) before: Vec<Source>,
    pub(super) mapping: Mapping,
}

impl Content {
    pub(super) fn of(legacy: Legacy) -> Self {
        const MEASURE: [&str; 11] = [
            "property_id",
            "measure_type",
            "description",
            "estimated_cost",
            "already_installed",
            "sap_points",
            "co2_savings_tonnes",
            "energy_savings_kwh",
            "energy_bill_savings",
            "created_at",
            "reference",
        ];
        const PLAN: [&str; 9] = [
            "id",
            "property_id",
            "scenario_id",
            "is_default",
            "created_at",
            "post_sap_points",
            "post_epc_band",
            "cost_of_works",
            "contingency_cost",
        ];
        let columns = || ["plan_id"].into_iter().chain(MEASURE);
        let of_measure: Vec<_> = MEASURE.iter().map(|column| format!("r.{column}")).collect();
        let (of_measure, plans) = (of_measure.join(", "), legacy.plans());
        let (first, last) = (legacy.measures + 1, legacy.measures + legacy.orphans());
        let joined = format!(
            "SELECT l.plan_id, {of_measure} FROM plan_recommendations l
               JOIN recommendation r ON r.id = l.recommendation_id WHERE l.plan_id <= {plans}"
        );
        let linked = format!(
            "SELECT r.plan_id, {of_measure} FROM recommendation r WHERE r.plan_id <= {plans}"
        );
        let orphans = format!("SELECT * FROM recommendation WHERE id BETWEEN {first} AND {last}");
        let old = format!("SELECT * FROM plan WHERE id <= {plans}");
        Self {
            before: vec![
                Source::query("selected", joined).columns(columns()),
                Source::query("orphans", orphans).columns(["id"].into_iter().chain(MEASURE)),
                Source::query("plans", old).columns(PLAN),
            ],
            mapping: Mapping::new().source(
                "selected",
                Source::query("selected by recommendation.plan_id", linked).columns(columns()),
            ),
        }
    }
}

/// What the late plans have selected, by property.
pub(super) fn late(store: &Store, links: &str) -> Acknowledged {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        property: i64,
        #[diesel(sql_type = BigInt)]
        plans: i64,
        #[diesel(sql_type = Text)]
        content: String,
    }

    let sql = format!(
        "SELECT p.property_id AS property, count(DISTINCT p.id) AS plans,
                coalesce(string_agg(l.description, ';' ORDER BY l.description COLLATE \"C\"), '')
                    AS content
           FROM plan p LEFT JOIN ({links}) l ON l.plan_id = p.id
          WHERE p.property_id >= {LATE}
          GROUP BY p.property_id"
    );
    let read =
        |uow: &mut UnitOfWork<'_>| Ok(diesel::sql_query(&sql).load::<Row>(uow.connection())?);
    let rows = store.transaction().read_only().statement_timeout(Duration::ZERO).run(read);
    let mut found = BTreeMap::new();
    for Row { property, plans, content } in rows.unwrap() {
        assert_eq!(plans, 1, "property {property}");
        let content = content.split_terminator(';').map(str::to_owned).collect();
        found.insert(property, content);
    }
    found
}

pub(super) const BY_JOIN: &str = "SELECT l.plan_id, r.description FROM plan_recommendations l
                         JOIN recommendation r ON r.id = l.recommendation_id";
pub(super) const BY_COLUMN: &str = "SELECT plan_id, description FROM recommendation";

pub(super) fn assert_same(found: &Acknowledged, acknowledged: &Acknowledged) {
    assert_eq!(found.len(), acknowledged.len());
    for (property, content) in acknowledged {
        assert_eq!(found.get(property), Some(content), "property {property}");
    }
}
