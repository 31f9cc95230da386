//! Random sequences of everything that changes a plan, against a model in memory: after each step
//! the database holds what the model holds, and the outcome is what the model says.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use planwright::modelling::{
    MeasureCounts, NewPlan, NewPlanMeasure, Outcome, PlanFilter, PlanWithMeasures, Replaced,
    ScenarioId, factory,
};
use planwright::testing::TestDatabase;
use planwright::{Error, Page, Result, Store, UnitOfWork};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use crate::support::{execute, expanded, number, scenario};

/// A plan is one of few, so that sequences meet the same plan again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    property: i64,
    /// Which of the two scenarios.
    second: bool,
}

/// What is replaced: one of few contents, so that some come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    key: Key,
    cost: u8,
    measures: u8,
    /// The measures that are told by their description.
    first: u8,
}

/// A writer that is no repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    UpdatePlan,
    UpdateMeasures,
    DeleteFirstMeasure,
    InsertMeasure,
    LinkCandidate,
    TouchPlan,
}

#[derive(Debug, Clone)]
enum Step {
    Replace(Content),
    ReplaceMany(Vec<Content>),
    /// What was replaced last, again: unchanged, or repaired.
    Again(Key),
    Delete(Key),
    Tamper(Key, Foreign),
    /// Replaced twice in one unit, the second time inside a savepoint that may be rolled back.
    Savepoint {
        before: Content,
        inside: Content,
        kept: bool,
    },
    /// Replaced in a unit that fails.
    RolledBack(Content),
}

fn key() -> impl Strategy<Value = Key> {
    (1_i64..=2, any::<bool>()).prop_map(|(property, second)| Key { property, second })
}

fn content() -> impl Strategy<Value = Content> {
    (key(), 0_u8..2, 0_u8..4, 0_u8..2).prop_map(|(key, cost, measures, first)| Content {
        key,
        cost,
        measures,
        first,
    })
}

fn step() -> impl Strategy<Value = Step> {
    use Foreign::{
        DeleteFirstMeasure, InsertMeasure, LinkCandidate, TouchPlan, UpdateMeasures, UpdatePlan,
    };
    let foreign = proptest::sample::select(vec![
        UpdatePlan,
        UpdateMeasures,
        DeleteFirstMeasure,
        InsertMeasure,
        LinkCandidate,
        TouchPlan,
    ]);
    prop_oneof![
        4 => content().prop_map(Step::Replace),
        2 => proptest::collection::vec(content(), 0..5).prop_map(Step::ReplaceMany),
        5 => key().prop_map(Step::Again),
        1 => key().prop_map(Step::Delete),
        5 => (key(), foreign).prop_map(|(key, foreign)| Step::Tamper(key, foreign)),
        2 => (content(), content(), any::<bool>())
            .prop_map(|(before, inside, kept)| Step::Savepoint { before, inside, kept }),
        1 => content().prop_map(Step::RolledBack),
    ]
}

/// What the database should hold.
#[derive(Debug, Clone)]
struct Stored {
    /// What was replaced last.
    content: Content,
    plan: NewPlan,
    measures: Vec<NewPlanMeasure>,
    /// Recommendations that a replace would delete.
    rows: usize,
    /// Whether somebody else has changed since what the replace has written.
    tampered: bool,
    /// Measures that somebody else has inserted. They come behind the replace's in the order of
    /// their keys, and once they are deleted the plan is as the replace left it.
    foreign: usize,
}

type Model = BTreeMap<Key, Stored>;

struct World<'a> {
    store: &'a Store,
    scenarios: [ScenarioId; 2],
    model: Model,
}

impl World<'_> {
    fn scenario(&self, key: Key) -> ScenarioId {
        self.scenarios[usize::from(key.second)]
    }

    fn input(&self, content: Content) -> (NewPlan, Vec<NewPlanMeasure>) {
        let Content { key, cost, measures, first } = content;
        let plan = NewPlan {
            cost_of_works: cost.into(),
            ..factory::plan(key.property, self.scenario(key))
        };
        let mut measures = factory::measures(measures.into());
        for measure in &mut measures {
            measure.description = format!("{} {first}", measure.description);
        }
        (plan, measures)
    }

    /// What a replace does to the model, and what it should say.
    fn expect(
        model: &mut Model,
        content: Content,
        input: &(NewPlan, Vec<NewPlanMeasure>),
    ) -> Outcome {
        let stored = Stored {
            content,
            plan: input.0.clone(),
            measures: input.1.clone(),
            rows: input.1.len(),
            tampered: false,
            foreign: 0,
        };
        let outcome = match model.get(&content.key) {
            None => Outcome::Created,
            Some(old)
                if !old.tampered
                    && old.foreign == 0
                    && (&old.plan, &old.measures) == (&input.0, &input.1) =>
            {
                Outcome::Unchanged
            }
            Some(_) => Outcome::Replaced,
        };
        model.insert(content.key, stored);
        outcome
    }

    fn counts(before: Option<&Stored>, outcome: Outcome, measures: usize) -> MeasureCounts {
        match outcome {
            Outcome::Unchanged => MeasureCounts { unchanged: measures, ..Default::default() },
            _ => MeasureCounts {
                inserted: measures,
                deleted: before.map_or(0, |stored| stored.rows),
                unchanged: 0,
            },
        }
    }

    fn agree(
        model: &mut Model,
        content: Content,
        input: &(NewPlan, Vec<NewPlanMeasure>),
        replaced: Replaced,
    ) {
        let key = content.key;
        let before = model.get(&key).cloned();
        let outcome = Self::expect(model, content, input);
        assert_eq!(replaced.outcome, outcome, "{key:?}");
        let counts = Self::counts(before.as_ref(), outcome, input.1.len());
        assert_eq!(replaced.measures, counts, "{key:?}");
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Replace(content) => {
                let input = self.input(*content);
                let replaced =
                    self.store.write(|uow| uow.plans().replace(&input.0, &input.1)).unwrap();
                Self::agree(&mut self.model, *content, &input, replaced);
            }
            Step::ReplaceMany(contents) => {
                let inputs: Vec<_> = contents.iter().map(|of| self.input(*of)).collect();
                let result = self.store.write(|uow| uow.plans().replace_many(&inputs));
                let mut keys: Vec<_> = contents.iter().map(|content| content.key).collect();
                keys.sort();
                keys.dedup();
                if keys.len() < contents.len() {
                    assert!(matches!(result.unwrap_err(), Error::Invalid { .. }));
                    return;
                }
                for ((content, input), replaced) in
                    contents.iter().zip(&inputs).zip(result.unwrap())
                {
                    Self::agree(&mut self.model, *content, input, replaced);
                }
            }
            Step::Again(key) => {
                if let Some(stored) = self.model.get(key) {
                    self.take(&Step::Replace(stored.content));
                }
            }
            Step::Delete(key) => {
                let scenario = self.scenario(*key);
                let found = self.store.write(|uow| {
                    match uow.plans().find_by_key(key.property.into(), scenario)? {
                        None => Ok(false),
                        Some(plan) => uow.plans().delete(plan.id).map(|()| true),
                    }
                });
                assert_eq!(found.unwrap(), self.model.remove(key).is_some());
            }
            Step::Tamper(key, foreign) => self.tamper(*key, *foreign),
            Step::Savepoint { before, inside, kept } => self.savepoint(*before, *inside, *kept),
            Step::RolledBack(content) => {
                let input = self.input(*content);
                let error = self.store.write(|uow| {
                    uow.plans().replace(&input.0, &input.1)?;
                    Err::<(), _>(Error::not_found("nothing", 0))
                });
                assert!(error.unwrap_err().is_not_found());
            }
        }
    }

    fn savepoint(&mut self, before: Content, inside: Content, kept: bool) {
        let inputs = [self.input(before), self.input(inside)];
        let results = self.store.write(|uow| {
            let first = uow.plans().replace(&inputs[0].0, &inputs[0].1)?;
            let mut second = None;
            let ended = uow.savepoint(|uow| {
                second = Some(uow.plans().replace(&inputs[1].0, &inputs[1].1)?);
                if kept { Ok(()) } else { Err(Error::not_found("nothing", 0)) }
            });
            assert_eq!(ended.is_ok(), kept);
            Ok((first, second.expect("a result")))
        });
        let (first, second) = results.unwrap();
        Self::agree(&mut self.model, before, &inputs[0], first);
        let mut afterwards = self.model.clone();
        Self::agree(&mut afterwards, inside, &inputs[1], second);
        if kept {
            self.model = afterwards;
        }
    }

    fn tamper(&mut self, key: Key, foreign: Foreign) {
        let of = format!(
            "(SELECT id FROM plan WHERE property_id = {} AND scenario_id = {})",
            key.property,
            self.scenario(key)
        );
        let sql = match foreign {
            Foreign::UpdatePlan => format!("UPDATE plan SET cost_of_works = 77 WHERE id = {of}"),
            Foreign::TouchPlan => format!("UPDATE plan SET id = id WHERE id = {of}"),
            Foreign::UpdateMeasures => {
                format!("UPDATE recommendation SET estimated_cost = 77 WHERE plan_id = {of}")
            }
            Foreign::DeleteFirstMeasure => format!(
                "DELETE FROM recommendation WHERE id =
                     (SELECT min(id) FROM recommendation WHERE plan_id = {of})"
            ),
            Foreign::InsertMeasure => format!(
                "INSERT INTO recommendation (property_id, measure_type, description, plan_id)
                     SELECT {}, 'foreign', '', id FROM plan WHERE id = {of}",
                key.property
            ),
            Foreign::LinkCandidate => format!(
                "WITH r AS (INSERT INTO recommendation (property_id, measure_type, description)
                            SELECT {}, 'foreign', '' FROM plan WHERE id = {of} RETURNING id)
                 INSERT INTO plan_recommendations SELECT {of}, id FROM r",
                key.property
            ),
        };
        let touched = self.store.write(|uow| execute(uow, &sql)).unwrap();
        let Some(stored) = self.model.get_mut(&key) else {
            assert_eq!(touched, 0);
            return;
        };
        let own = stored.rows - stored.foreign;
        let bare = NewPlanMeasure::new("foreign");
        let cost = || Some(BigDecimal::from(77));
        let expected = match foreign {
            Foreign::UpdatePlan => {
                stored.plan.cost_of_works = 77.into();
                1
            }
            Foreign::TouchPlan => 1,
            Foreign::UpdateMeasures => {
                // Measures that are linked by the join alone are not among them.
                let rows = stored.rows;
                stored.linked_mut().for_each(|measure| measure.estimated_cost = cost());
                rows
            }
            Foreign::DeleteFirstMeasure if stored.rows == 0 => 0,
            Foreign::DeleteFirstMeasure => {
                stored.delete_first();
                1
            }
            Foreign::InsertMeasure => {
                stored.insert(bare);
                1
            }
            Foreign::LinkCandidate => {
                stored.measures.push(bare);
                1
            }
        };
        assert_eq!(touched, expected, "{foreign:?}");
        match foreign {
            Foreign::InsertMeasure => stored.foreign += 1,
            Foreign::DeleteFirstMeasure if own == 0 => {
                stored.foreign = stored.foreign.saturating_sub(touched);
            }
            Foreign::UpdateMeasures => stored.tampered |= own > 0,
            _ => stored.tampered |= touched > 0,
        }
    }

    /// Whether the database holds what the model holds.
    fn compare(&self) {
        let found = self
            .store
            .read(|uow| {
                let ids: Vec<_> = uow
                    .plans()
                    .list(PlanFilter::all(), Page::first(100))?
                    .items
                    .iter()
                    .map(|plan| plan.id)
                    .collect();
                uow.plans().with_measures(&ids)
            })
            .unwrap();
        assert_eq!(found.len(), self.model.len());
        for PlanWithMeasures { plan, measures } in found {
            let second = plan.scenario_id == self.scenarios[1];
            let stored = &self.model[&Key { property: plan.property_id.0, second }];
            assert_eq!(plan.cost_of_works, stored.plan.cost_of_works);
            assert_eq!(plan.post_co2_tonnes, stored.plan.post_co2_tonnes);
            let texts = |of: &str, description: &str, cost: Option<&BigDecimal>| {
                format!("{of}, {description}, {:?}", cost.map(BigDecimal::normalized))
            };
            // Foreign rows have no place, and come last in no order that matters.
            let mut actual: Vec<_> = measures
                .iter()
                .map(|m| texts(&m.measure_type, &m.description, m.estimated_cost.as_ref()))
                .collect();
            let mut expected: Vec<_> = stored
                .measures
                .iter()
                .map(|m| texts(&m.measure_type, &m.description, m.estimated_cost.as_ref()))
                .collect();
            if stored.tampered {
                actual.sort();
                expected.sort();
            }
            assert_eq!(actual, expected);
            assert!(measures.iter().all(|measure| measure.property_id == plan.property_id));
        }
    }
}

impl Stored {
    /// The measures by `plan_id` stand first, those of the join behind them.
    fn linked_mut(&mut self) -> impl Iterator<Item = &mut NewPlanMeasure> {
        self.measures.iter_mut().take(self.rows)
    }

    fn insert(&mut self, measure: NewPlanMeasure) {
        self.measures.insert(self.rows, measure);
        self.rows += 1;
    }

    fn delete_first(&mut self) {
        self.measures.remove(0);
        self.rows -= 1;
    }
}

fn emptied(uow: &mut UnitOfWork<'_>) -> Result<()> {
    for table in ["plan_recommendations", "recommendation", "plan"] {
        execute(uow, &format!("DELETE FROM {table}"))?;
    }
    Ok(())
}

#[test]
fn any_sequence_leaves_what_the_model_says() {
    let database: TestDatabase = expanded();
    let store = database.store();
    let scenarios = [scenario(store), scenario(store)];
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/modelling/sequences.regressions");
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let steps = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&proptest::collection::vec(step(), 1..60), |sequence| {
            store.write(emptied).unwrap();
            let mut world = World { store, scenarios, model: Model::new() };
            for step in &sequence {
                world.take(step);
                world.compare();
            }
            steps.set(steps.get() + sequence.len());
            Ok(())
        })
        .unwrap();
    assert!(steps.get() >= 100, "{} steps", steps.get());
    assert_eq!(number(store, "SELECT count(*) FROM scenario"), 2);
}
