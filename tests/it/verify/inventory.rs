//! What the migrations make, without a database.

use planwright::migrate::{Kind, Migrations};
use planwright::verify::{self, ObjectKind, ObjectName};
use planwright::{Context, Result};

#[test]
fn each_table_has_its_migrations_and_its_final_columns() -> Result<()> {
    let inventory = verify::inventory(Context::ALL.iter().copied())?;
    let find = |name: &str| {
        let found = inventory.relations.iter().find(|one| one.name.name == name);
        found.unwrap_or_else(|| panic!("{name} in {inventory}"))
    };
    let recommendation = find("recommendation");
    assert_eq!(
        recommendation.name,
        ObjectName::new(ObjectKind::Table, "public", "", "recommendation")
    );
    assert_eq!(recommendation.context, Context::Modelling);
    assert_eq!(
        recommendation.migrations[..4],
        [
            "2026-11-20-000100_modelling_baseline",
            "2026-11-20-000300_modelling_recommendation_plan_id",
            "2026-11-20-000400_modelling_validate_recommendation_plan_id",
            "2026-11-20-000500_modelling_recommendation_plan_id_position_index",
        ]
    );
    let column = |name: &str| recommendation.columns.iter().find(|column| column.name == name);
    assert_eq!(column("position").unwrap().type_, "integer");
    assert_eq!(column("id").unwrap().nullable, Some(false));
    assert!(recommendation.columns.is_sorted_by_key(|column| column.name.clone()));

    let history = find("migrations");
    assert_eq!((history.context, history.columns.len()), (Context::Core, 11));
    assert_eq!(history.migrations, ["2026-11-20-000000_core_history"]);

    let printed = inventory.to_string();
    assert!(
        printed.contains("table public.recommendation (modelling)\n  2026-11-20-000100"),
        "{printed}"
    );
    assert!(printed.contains("\n    description text NOT NULL\n"), "{printed}");
    let json = serde_json::to_value(&inventory).unwrap();
    let first = &inventory.relations[0];
    assert_eq!(json["relations"][0]["name"]["name"], *first.name.name);
    assert_eq!(json["relations"][0]["columns"][0]["type"], *first.columns[0].type_);
    Ok(())
}

#[test]
fn every_migration_that_touches_a_table_is_told_of_and_each_table_is_listed_once() -> Result<()> {
    let inventory = verify::inventory(Context::ALL.iter().copied())?;
    let embedded = Migrations::embedded();
    let mut told = 0;
    for migration in embedded.as_slice() {
        let delta = migration.delta()?;
        // A column of the host's is of no table here.
        let changes = migration.host_column.is_none()
            && delta.made.iter().any(|object| object.name.kind == ObjectKind::Column);
        let listed = inventory
            .relations
            .iter()
            .any(|one| one.migrations.contains(&migration.name.to_string()));
        assert!(listed || !changes, "{migration}");
        told += usize::from(listed);
    }
    assert!(told >= 9, "{told}");
    let last = embedded.catalog(Context::ALL, |_| true)?;
    let first = embedded.catalog(Context::ALL, |migration| migration.kind != Kind::Held)?;
    for relation in &inventory.relations {
        let there = last.get(&relation.name).is_some();
        assert_eq!(there, relation.taken_away_by.is_none(), "{}", relation.name);
        assert!(there || first.get(&relation.name).is_some(), "{}", relation.name);
        assert_eq!(there, !relation.columns.is_empty(), "{}", relation.name);
    }
    let names: std::collections::BTreeSet<_> =
        inventory.relations.iter().map(|one| &one.name).collect();
    assert_eq!(names.len(), inventory.relations.len());
    Ok(())
}
