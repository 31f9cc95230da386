//! Plans and measures for tests.

use bigdecimal::BigDecimal;

use super::{EpcBand, NewPlan, NewPlanMeasure, PropertyId, ScenarioId, Tonnes};

/// A plan with figures that differ by property.
pub fn plan(property: impl Into<PropertyId>, scenario: impl Into<ScenarioId>) -> NewPlan {
    let property = property.into();
    let vary = |range: i64| property.0.rem_euclid(range);
    NewPlan {
        post_sap_points: Some(BigDecimal::from(60 + vary(30))),
        post_epc_band: Some(EpcBand::C),
        post_co2_tonnes: Some(Tonnes::from_kilograms(BigDecimal::from(1_500 + vary(1_000)))),
        co2_savings_tonnes: Some(Tonnes::from_kilograms(BigDecimal::from(500 + vary(700)))),
        cost_of_works: BigDecimal::from(5_000 + 10 * vary(900)),
        ..NewPlan::new(property, scenario.into())
    }
}

/// So many measures, each with figures of its own.
pub fn measures(count: usize) -> Vec<NewPlanMeasure> {
    const TYPES: [&str; 4] =
        ["loft_insulation", "cavity_wall_insulation", "air_source_heat_pump", "solar_pv"];
    (0..count)
        .map(|nth| {
            let step = BigDecimal::from(nth as u64);
            NewPlanMeasure {
                description: format!("measure {nth}"),
                estimated_cost: Some(BigDecimal::new(125_050.into(), 2) + &step),
                contingency: BigDecimal::new(1_250.into(), 2),
                sap_points: Some(BigDecimal::new(45.into(), 1)),
                co2_savings_tonnes: Some(Tonnes::from_kilograms(BigDecimal::from(120) + step)),
                ..NewPlanMeasure::new(TYPES[nth % TYPES.len()])
            }
        })
        .collect()
}
