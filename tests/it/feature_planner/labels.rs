//! The enums are those of the database.

use std::fmt::Display;
use std::str::FromStr;

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
