//! JSON that callers give.

use planwright::Error;
use planwright::feature_planner::{NewFeaturePlan, PlanStatus};
use serde_json::{Value, json};

use super::Office;

/// A list in a list, or an object in an object, and so on.
fn nested(levels: usize, around: fn(Value) -> Value) -> Value {
    (0..levels).fold(json!(1), |inner, _| around(inner))
}

#[test]
fn what_is_stored_can_be_read_however_deep_it_is() {
    let office = Office::new();
    for around in [|inner| json!([inner]), |inner| json!({ "of": inner })] {
        let mut new = NewFeaturePlan::new("Sort invoices by date.");
        new.refinement_settings = Some(nested(127, around));
        let made = office.store().write(|uow| uow.feature_plans(office.user).create(&new)).unwrap();
        assert_eq!(made.refinement_settings, new.refinement_settings);
        assert_eq!(made.status, PlanStatus::Draft);
        for levels in [128, 300] {
            new.refinement_settings = Some(nested(levels, around));
            let error = office.store().write(|uow| uow.feature_plans(office.user).create(&new));
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
            assert_eq!(
                error.to_string(),
                "feature_planner::NewFeaturePlan.refinement_settings: must have at most 127 levels"
            );
        }
    }
}

#[test]
fn a_value_is_as_long_as_it_is_written() {
    let with = |bytes: usize| {
        // Two quotes, and each quote within is escaped.
        let mut new = NewFeaturePlan::new("Sort invoices by date.");
        new.refinement_settings = Some(json!("\"".repeat((bytes - 2) / 2)));
        new.validate()
    };
    with(1_000_000).unwrap();
    assert!(with(1_000_002).unwrap_err().to_string().ends_with("at most 1000000 bytes of JSON"));
}
