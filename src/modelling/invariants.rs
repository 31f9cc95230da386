//! The rules of the modelling context.

use crate::verify::{Invariant, Severity};

/// The tables, and the columns by which a measure says what plan it belongs to.
const BASELINE: &str = "20261120000100";
const LINK: &str = "20261120000300";

/// What must hold in the modelling tables.
pub const INVARIANTS: &[Invariant] = &[
    enforced(
        "plan_property_id_scenario_id_uq",
        "a property has one plan under a scenario",
        "SELECT format('property %s, scenario %s', property_id, scenario_id) AS violator
           FROM plan GROUP BY property_id, scenario_id HAVING count(*) > 1",
    ),
    enforced(
        "plan_scenario_id_fkey",
        "a plan's scenario exists",
        "SELECT format('plan %s', p.id) AS violator FROM plan p
          WHERE NOT EXISTS (SELECT FROM scenario s WHERE s.id = p.scenario_id)",
    ),
    enforced(
        "plan_post_epc_band_check",
        "an EPC band is a letter from A to G",
        "SELECT format('plan %s', id) AS violator FROM plan
          WHERE post_epc_band NOT IN ('A', 'B', 'C', 'D', 'E', 'F', 'G')",
    ),
    enforced(
        "plan_contingency_cost_check",
        "a plan's contingency is not negative",
        "SELECT format('plan %s', id) AS violator FROM plan WHERE contingency_cost < 0",
    ),
    enforced(
        "recommendation_estimated_cost_check",
        "a measure's cost is not negative",
        "SELECT format('recommendation %s', id) AS violator FROM recommendation
          WHERE estimated_cost < 0",
    ),
    enforced_since(
        LINK,
        "recommendation_plan_id_fk",
        "a measure's plan exists",
        "SELECT format('recommendation %s', r.id) AS violator FROM recommendation r
          WHERE r.plan_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM plan p WHERE p.id = r.plan_id)",
    ),
    enforced_since(
        LINK,
        "recommendation_plan_id_position_uq",
        "the measures of a plan have different places",
        "SELECT format('plan %s, position %s', plan_id, position) AS violator FROM recommendation
          WHERE plan_id IS NOT NULL AND position IS NOT NULL
          GROUP BY plan_id, position HAVING count(*) > 1",
    ),
    enforced(
        "scenario_portfolio_id_uq",
        "a portfolio shows one scenario first",
        "SELECT format('portfolio %s', portfolio_id) AS violator FROM scenario WHERE is_default
          GROUP BY portfolio_id HAVING count(*) > 1",
    ),
    Invariant {
        name: "recommendation_property_id",
        sentence: "a measure is of its plan's property",
        enforced: false,
        severity: Severity::Error,
        since: LINK,
        violators: "SELECT format('recommendation %s', r.id) AS violator
                      FROM recommendation r JOIN plan p ON p.id = r.plan_id
                     WHERE r.property_id <> p.property_id",
    },
    Invariant {
        name: "recommendation_position_dense",
        sentence: "the places of a replaced plan's measures count up from 0",
        enforced: false,
        severity: Severity::Warning,
        since: LINK,
        violators: "SELECT format('plan %s', p.id) AS violator
                      FROM plan p JOIN recommendation r ON r.plan_id = p.id
                     WHERE p.content_digest IS NOT NULL
                     GROUP BY p.id
                    HAVING count(*) <> count(r.position)
                        OR min(r.position) <> 0 OR max(r.position) <> count(*) - 1",
    },
];

const fn enforced(
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    enforced_since(BASELINE, name, sentence, violators)
}

const fn enforced_since(
    since: &'static str,
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    Invariant { name, sentence, enforced: true, severity: Severity::Error, since, violators }
}

/// The words for a constraint.
pub(super) fn sentence(constraint: &str) -> Option<&'static str> {
    INVARIANTS.iter().find(|rule| rule.name == constraint).map(|rule| rule.sentence)
}
