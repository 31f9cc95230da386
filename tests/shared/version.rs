//! Plans that can be judged: every row tells which version it belongs to.

use bigdecimal::{BigDecimal, ToPrimitive};
use planwright::modelling::{NewPlan, NewPlanMeasure, PropertyId, ScenarioId, factory};
use planwright::{Result, Store, UnitOfWork, modelling, verify};

/// What one caller stores. All of a plan's content follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) number: i64,
    /// Below 1,000.
    pub(crate) measures: usize,
}

impl Version {
    pub(crate) fn plan(
        self,
        property: impl Into<PropertyId>,
        scenario: ScenarioId,
    ) -> (NewPlan, Vec<NewPlanMeasure>) {
        let plan = NewPlan {
            cost_of_works: self.number.into(),
            post_sap_points: Some(BigDecimal::from(self.measures as u64)),
            ..factory::plan(property, scenario)
        };
        let mut measures = factory::measures(self.measures);
        for (nth, measure) in measures.iter_mut().enumerate() {
            measure.description = self.description(nth);
        }
        (plan, measures)
    }

    fn description(self, nth: usize) -> String {
        format!("version {}: {nth} of {}", self.number, self.measures)
    }

    pub(crate) fn replace(
        self,
        uow: &mut UnitOfWork<'_>,
        property: i64,
        scenario: ScenarioId,
    ) -> Result<modelling::Replaced> {
        let (plan, measures) = self.plan(property, scenario);
        uow.plans().replace(&plan, &measures)
    }

    pub(crate) fn replace_many(
        self,
        uow: &mut UnitOfWork<'_>,
        properties: impl IntoIterator<Item = i64>,
        scenario: ScenarioId,
    ) -> Result<Vec<modelling::Replaced>> {
        let plans: Vec<_> = properties.into_iter().map(|p| self.plan(p, scenario)).collect();
        uow.plans().replace_many(&plans)
    }
}

/// The version that is stored, all rows of which are there and no other.
pub(crate) fn stored(store: &Store, property: i64, scenario: ScenarioId) -> Option<Version> {
    store.read(|uow| stored_in(uow, property, scenario)).expect("the plan can be read")
}

/// The same inside a unit.
pub(crate) fn stored_in(
    uow: &mut UnitOfWork<'_>,
    property: i64,
    scenario: ScenarioId,
) -> Result<Option<Version>> {
    let Some(plan) = uow.plans().find_by_key(property.into(), scenario)? else { return Ok(None) };
    let found = uow.plans().with_measures(&[plan.id])?.remove(0);
    let points = found.plan.post_sap_points.as_ref().and_then(ToPrimitive::to_usize);
    let version = Version {
        number: found.plan.cost_of_works.to_i64().expect("a version"),
        measures: points.expect("a number of measures"),
    };
    let (expected, measures) = version.plan(property, scenario);
    let contingency: BigDecimal = measures.iter().map(|m| &m.contingency).sum();
    assert_eq!(found.plan.contingency_cost, contingency, "{version:?} is not whole");
    assert_eq!(found.plan.co2_savings_tonnes, expected.co2_savings_tonnes);
    assert_eq!(found.measures.len(), version.measures, "{version:?} is not whole");
    for (nth, (row, measure)) in found.measures.iter().zip(&measures).enumerate() {
        assert_eq!(row.description, measure.description, "{version:?} is mixed with another");
        assert_eq!(row.position, i32::try_from(nth).ok());
        assert_eq!((row.property_id, row.plan_id), (expected.property_id, found.plan.id));
        assert_eq!(row.estimated_cost, measure.estimated_cost);
    }
    Ok(Some(version))
}

/// Nothing breaks a rule, and no measure is without its plan.
pub(crate) fn assert_sound(store: &Store) {
    let sanity = store.read(|uow| verify::invariants(uow, modelling::INVARIANTS)).unwrap();
    assert!(sanity.broken().next().is_none(), "{sanity}");
    let orphans =
        crate::support::number(store, "SELECT count(*) FROM recommendation WHERE plan_id IS NULL");
    assert_eq!(orphans, 0, "measures without a plan");
}
