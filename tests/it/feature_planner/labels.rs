//! The enums are those of the database.

use std::fmt::Display;
use std::str::FromStr;

use diesel::deserialize::Queryable;
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, SingleValue};
use planwright::feature_planner::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

fn check<T>(database: &Installation, name: &str, all: &[T]) -> usize
where
    T: Copy
        + Display
        + FromStr<Err = Error>
        + Serialize
        + DeserializeOwned
        + PartialEq
        + std::fmt::Debug,
{
    let query = format!("SELECT unnest(enum_range(NULL::{name}))");
    let labels = database.texts(&query);
    assert_eq!(all.iter().map(ToString::to_string).collect::<Vec<_>>(), labels, "{name}");
    for one in all {
        assert_eq!(one.to_string().parse::<T>().unwrap(), *one);
        let json = serde_json::to_string(one).unwrap();
        assert_eq!(json, format!("\"{one}\""));
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *one);
    }
    for wrong in ["", "LOW", "Low", "unknown", "low "] {
        let error = wrong.parse::<T>().unwrap_err();
        assert!(
            matches!(&error, Error::Invalid { field, .. } if field == "label"),
            "{name}: {error:?}"
        );
        assert!(serde_json::from_str::<T>(&format!("\"{wrong}\"")).is_err(), "{name}: {wrong}");
    }
    all.len()
}

#[test]
fn each_enum_has_the_labels_of_the_database_in_its_order() {
    let database = Installation::new();
    let labels = [
        check(&database, "complexity", Complexity::ALL),
        check(&database, "confidence_level", ConfidenceLevel::ALL),
        check(&database, "estimated_scope", EstimatedScope::ALL),
        check(&database, "execution_step", ExecutionStep::ALL),
        check(&database, "file_discovery_status", FileDiscoveryStatus::ALL),
        check(&database, "file_priority", FilePriority::ALL),
        check(&database, "implementation_plan_status", ImplementationPlanStatus::ALL),
        check(&database, "plan_status", PlanStatus::ALL),
        check(&database, "refinement_status", RefinementStatus::ALL),
        check(&database, "risk_level", RiskLevel::ALL),
        check(&database, "technical_complexity", TechnicalComplexity::ALL),
    ];
    assert_eq!(labels.iter().sum::<usize>(), 42);
    let types = "SELECT count(*) FROM pg_type
        WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace";
    assert_eq!(database.texts(types), [labels.len().to_string()]);
}

/// Bound and read in the server's type. A label that the enum does not know is an error.
fn through_the_server<T, Type>(installation: &Installation, name: &str, all: &[T])
where
    T: Copy
        + Display
        + PartialEq
        + std::fmt::Debug
        + Queryable<Type, Pg>
        + ToSql<Type, Pg>
        + 'static,
    Type: SingleValue + QueryId + 'static,
    Pg: HasSqlType<Type>,
{
    #[derive(QueryableByName)]
    struct Bound {
        #[diesel(sql_type = Text)]
        label: String,
    }
    let mut connection = installation.connection();
    for one in all {
        let query = diesel::sql_query("SELECT $1::text AS label").bind::<Type, T>(*one);
        assert_eq!(query.get_result::<Bound>(&mut connection).unwrap().label, one.to_string());
        let value = sql::<Type>(&format!("'{one}'::feature_planner.{name}"));
        assert_eq!(diesel::select(value).get_result::<T>(&mut connection).unwrap(), *one);
    }
    installation.execute(&format!("ALTER TYPE feature_planner.{name} ADD VALUE 'later'"));
    let value = sql::<Type>(&format!("'later'::feature_planner.{name}"));
    let error = diesel::select(value).get_result::<T>(&mut connection).unwrap_err();
    let told = crate::support::whole(&error);
    assert!(told.contains("there is no \"later\""), "{name}: {told}");
}

#[test]
fn labels_go_to_the_server_and_come_back_and_an_unknown_one_is_an_error() {
    let installation = Installation::new();
    installation.contract(MOVE).unwrap();
    let at = &installation;
    through_the_server(at, "complexity", Complexity::ALL);
    through_the_server(at, "confidence_level", ConfidenceLevel::ALL);
    through_the_server(at, "estimated_scope", EstimatedScope::ALL);
    through_the_server(at, "execution_step", ExecutionStep::ALL);
    through_the_server(at, "file_discovery_status", FileDiscoveryStatus::ALL);
    through_the_server(at, "file_priority", FilePriority::ALL);
    through_the_server(at, "implementation_plan_status", ImplementationPlanStatus::ALL);
    through_the_server(at, "plan_status", PlanStatus::ALL);
    through_the_server(at, "refinement_status", RefinementStatus::ALL);
    through_the_server(at, "risk_level", RiskLevel::ALL);
    through_the_server(at, "technical_complexity", TechnicalComplexity::ALL);
}
