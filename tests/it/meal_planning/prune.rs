//! How versions leave.

use planwright::meal_planning::{
    Kept, PlanId, PrunePolicy, PruneReport, PruneScope, Version, factory,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{Error, Store, StoreOptions};

use super::Kitchen;
use super::steps::{assert_sound, begin, message, version};
use crate::support::{execute, number};

const VERSIONS: &str = "SELECT count(*) FROM plan_versions";

/// Keeps nothing for its age or number.
fn strict() -> PrunePolicy {
    PrunePolicy::keep_last(0).active_within(0)
}

fn prune(kitchen: &Kitchen, scope: PruneScope, policy: PrunePolicy) -> PruneReport {
    kitchen
        .store()
        .write(|uow| uow.meal_plan_versions().prune(scope, &policy, kitchen.user, "Space"))
        .unwrap()
}

pub(super) fn everything_but_the_last(kitchen: &Kitchen) {
    let report = prune(kitchen, PruneScope::Plan(kitchen.plan.plan_id), strict());
    assert_eq!(report.stayed().count(), 1);
}

fn versions(kitchen: &Kitchen, count: i32) -> Vec<Version> {
    let first = kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let rest = (2..=count).map(|meals| kitchen.commit_again(&kitchen.content([1, meals, 2, 2])));
    std::iter::once(first).chain(rest).collect()
}

fn numbers<'a>(verdicts: impl Iterator<Item = &'a planwright::meal_planning::Verdict>) -> Vec<i32> {
    verdicts.map(|verdict| verdict.version_number).collect()
}

#[test]
fn every_version_that_stays_says_why() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let made = versions(&kitchen, 3);
    let labelled = message().label("label");
    store.write(|uow| version(uow, plan, user, &kitchen.content([1, 4, 1, 1]), &labelled)).unwrap();
    let revert = |version: &Version| {
        let id = version.plan_version_id;
        store.write(|uow| uow.meal_plans().revert(plan, id, user, "Back")).unwrap();
    };
    revert(&made[2]);
    store.write(|uow| begin(uow, plan, user)).unwrap();
    revert(&made[1]);
    let other = super::steps::users(store, 1)[0];
    let content = kitchen.content([1, 5, 1, 1]);
    store.write(|uow| version(uow, plan, other, &content, &message())).unwrap();
    let content = kitchen.content([1, 6, 1, 1]);
    store.write(|uow| version(uow, plan, other, &content, &message())).unwrap();
    revert(&made[1]);

    let policy = PrunePolicy::keep_last(2).active_within(0);
    let dry = store
        .read(|uow| uow.meal_plan_versions().prune_dry_run(PruneScope::Plan(plan), &policy))
        .unwrap();
    let told: Vec<_> =
        dry.verdicts.iter().map(|one| (one.version_number, one.kept.clone())).collect();
    assert_eq!(
        told,
        [
            (6, vec![Kept::Newest, Kept::Last]),
            (5, vec![Kept::Last]),
            (4, vec![Kept::Labelled]),
            (3, vec![Kept::BaseOfDraft]),
            (2, vec![Kept::Active, Kept::RecentlyActive]),
            (1, vec![]),
        ]
    );
    assert_eq!(dry.verdicts[2].label.as_deref(), Some("label"));
    assert_eq!(number(store, VERSIONS), 6, "it only says so");
    assert_eq!(prune(&kitchen, PruneScope::Plan(plan), policy), dry);
    assert_eq!(number(store, VERSIONS), 5);
    for table in ["meals_in_plan_versions", "meal_section_versions", "ingredient_versions"] {
        let left = format!(
            "SELECT count(*) FROM {table} WHERE plan_version_id = {}",
            made[0].plan_version_id
        );
        assert_eq!(number(store, &left), 0, "{table}");
    }
    let again = prune(&kitchen, PruneScope::Plan(plan), policy);
    assert_eq!((again.gone().count(), again.stayed().count()), (0, 5));
    assert_sound(store);
}

#[test]
fn a_version_that_was_active_within_the_days_stays() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    versions(&kitchen, 4);
    // They became active 40, 30, 20 and 10 days ago, so 1 to 3 were replaced 30, 20 and 10 days ago.
    store
        .write(|uow| {
            for sql in [
                "ALTER TABLE plan_activations DISABLE TRIGGER plan_activations_immutable",
                "UPDATE plan_activations
                    SET activated_at = now() - make_interval(days => 50 - 10 * version_number)",
                "UPDATE active_plans SET activated_at = now() - interval '10 days'",
                "ALTER TABLE plan_activations ENABLE ALWAYS TRIGGER plan_activations_immutable",
            ] {
                execute(uow, sql)?;
            }
            Ok(())
        })
        .unwrap();
    let goes = |days| {
        let policy = PrunePolicy::keep_last(1).active_within(days);
        let scope = PruneScope::Plan(plan);
        let report =
            store.read(|uow| uow.meal_plan_versions().prune_dry_run(scope, &policy)).unwrap();
        numbers(report.gone())
    };
    assert_eq!(goes(9), [3, 2, 1]);
    assert_eq!(goes(11), [2, 1]);
    assert_eq!(goes(21), [1]);
    assert!(goes(31).is_empty());
    assert!(goes(36_500).is_empty());
    assert_sound(store);
    let policy = PrunePolicy::keep_last(1).active_within(36_501);
    let error = store
        .read(|uow| uow.meal_plan_versions().prune_dry_run(PruneScope::Plan(plan), &policy))
        .unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    let report = prune(&kitchen, PruneScope::Plan(plan), PrunePolicy::default());
    assert_eq!(report.gone().count(), 0);
}

#[test]
fn all_plans_are_pruned_at_once_in_as_many_round_trips_as_one() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    versions(&kitchen, 4);
    let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
    let url = proxy.url_for(kitchen.database.url()).unwrap();
    let through = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let prune = |scope| {
        proxy.set(Fault::None);
        let report = through
            .write(|uow| uow.meal_plan_versions().prune(scope, &strict(), user, "Space"))
            .unwrap();
        (numbers(report.gone()), proxy.requests())
    };
    let more = |versions: i32| {
        store
            .write(|uow| {
                for nth in 0..3 {
                    let (plan, draft) = uow
                        .meal_plans()
                        .create(user, &format!("{nth} of {}", uuid::Uuid::now_v7()))?;
                    let mut content = kitchen.content([1, 1, 1, 1]);
                    content.name = plan.name;
                    uow.meal_plan_drafts(user).put(draft.draft_id, draft.revision, &content)?;
                    let revision = planwright::meal_planning::Revision(2);
                    uow.meal_plan_drafts(user).commit(draft.draft_id, revision, &message())?;
                    for meals in 2..=versions {
                        let other = kitchen.content([1, meals, 1, 1]);
                        let other = planwright::meal_planning::Content {
                            name: content.name.clone(),
                            ..other
                        };
                        version(uow, plan.plan_id, user, &other, &message())?;
                    }
                }
                Ok(())
            })
            .unwrap();
    };
    let (gone, _) = prune(PruneScope::All);
    assert_eq!(gone, [3, 2, 1]);
    more(1);
    assert_eq!(prune(PruneScope::All).0, [] as [i32; 0], "each has but one");
    more(3);
    // BEGIN, the locks, the verdicts, the permits, the versions, COMMIT.
    assert_eq!(prune(PruneScope::All), ([2, 1].repeat(3), 6));
    for meals in 5..8 {
        kitchen.commit_again(&kitchen.content([1, meals, 1, 1]));
    }
    prune(PruneScope::Plan(plan));
    for meals in 9..12 {
        kitchen.commit_again(&kitchen.content([1, meals, 1, 1]));
    }
    assert_eq!(prune(PruneScope::Plan(plan)).1, 6);
    assert_sound(store);
}

#[test]
fn what_is_wrong_with_a_prune_is_said() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let user = store.write(factory::user).unwrap();
    let prune = |plan, reason: &str| {
        store.write(|uow| {
            uow.meal_plan_versions().prune(PruneScope::Plan(plan), &strict(), user, reason)
        })
    };
    assert!(prune(PlanId(-1), "Space").unwrap_err().is_not_found());
    assert!(matches!(prune(kitchen.plan.plan_id, ""), Err(Error::Invalid { .. })));
    assert!(prune(kitchen.plan.plan_id, "Space").unwrap().verdicts.is_empty());
    let dry = store.read(|uow| {
        uow.meal_plan_versions().prune_dry_run(PruneScope::Plan(PlanId(-1)), &strict())
    });
    assert!(dry.unwrap_err().is_not_found());
}
