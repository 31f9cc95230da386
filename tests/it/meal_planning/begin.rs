//! How drafts begin, and end without a version.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use planwright::meal_planning::{
    Begun, Content, Draft, DraftId, PlanId, Revision, VersionId, factory,
};
use planwright::{ConstraintKind, Error, Page, Result, Store, UnitOfWork, UserId};

use super::{Kitchen, by_hand};
use crate::support::{execute, number, text};

/// A version of the kitchen's plan with this content, which becomes the active one.
fn version(kitchen: &Kitchen, content: &Content) -> VersionId {
    kitchen
        .store()
        .write(|uow| {
            let mut drafts = uow.meal_plan_drafts(kitchen.user);
            let draft = drafts.get(kitchen.draft.draft_id)?;
            drafts.put(draft.draft_id, draft.revision, content)?;
            let version = by_hand::version_of(uow, draft.draft_id)?;
            activate(uow, version)?;
            Ok(version)
        })
        .unwrap()
}

/// As a commit or revert would do it.
fn activate(uow: &mut UnitOfWork<'_>, version: VersionId) -> Result<()> {
    execute(
        uow,
        &format!(
            "WITH v AS (SELECT * FROM plan_versions WHERE plan_version_id = {version}),
                  a AS (UPDATE active_plans p
                           SET plan_version_id = v.plan_version_id, name = v.name,
                               activated_at = clock_timestamp()
                          FROM v WHERE p.plan_id = v.plan_id
                        RETURNING p.plan_id, p.activated_at)
             INSERT INTO plan_activations (plan_id, plan_version_id, version_number, activated_at,
                                           activated_by, cause, reason)
             SELECT v.plan_id, v.plan_version_id, v.version_number, a.activated_at, v.author_id,
                    'revert', '' FROM v, a"
        ),
    )
    .map(drop)
}

/// As a prune would do it.
fn prune(uow: &mut UnitOfWork<'_>, version: VersionId) -> Result<()> {
    execute(
        uow,
        &format!(
            "INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
             SELECT {version}, user_id, '' FROM plans LIMIT 1"
        ),
    )?;
    for table in
        ["ingredient_versions", "meal_section_versions", "meals_in_plan_versions", "plan_versions"]
    {
        execute(uow, &format!("DELETE FROM {table} WHERE plan_version_id = {version}"))?;
    }
    Ok(())
}

fn somebody(store: &Store) -> UserId {
    store.write(factory::user).unwrap()
}

fn begin(store: &Store, user: UserId, plan: PlanId) -> Result<Begun> {
    store.write(|uow| uow.meal_plan_drafts(user).begin(plan))
}

fn content(store: &Store, draft: &Draft) -> Content {
    store.read(|uow| uow.meal_plan_drafts(draft.user_id).content(draft.draft_id)).unwrap()
}

fn created(begun: Begun) -> Draft {
    match begun {
        Begun::Created(draft) => draft,
        Begun::Resumed(draft) => panic!("{draft:?} was there"),
    }
}

#[test]
fn a_draft_begins_with_the_active_version_and_is_resumed_as_it_is() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let first = Content { name: "First".to_owned(), ..kitchen.content([2, 3, 2, 4]) };
    let one = version(&kitchen, &first);
    let second = Content { name: "Second".to_owned(), ..kitchen.content([1, 1, 1, 1]) };
    let two = version(&kitchen, &second);

    let user = somebody(store);
    let draft = created(begin(store, user, plan).unwrap());
    assert_eq!((draft.user_id, draft.plan_id), (user, plan));
    assert_eq!((draft.base_version_id, draft.seen_version_number), (Some(two), 2));
    assert_eq!((draft.revision, draft.name.as_str()), (Revision(1), "Second"));
    assert_eq!(content(store, &draft), second);
    let same = "SELECT draft_digest(draft_id) = version_digest(base_version_id)
                  FROM draft_plans WHERE draft_id =";
    let same = store.read(|uow| text(uow, &format!("{same} {}", draft.draft_id))).unwrap();
    assert_eq!(same, "true");

    let edited = store
        .write(|uow| uow.meal_plan_drafts(user).rename(draft.draft_id, draft.revision, "Mine"));
    assert_eq!(edited.unwrap(), Revision(2));
    match begin(store, user, plan).unwrap() {
        Begun::Resumed(again) => {
            assert_eq!((again.draft_id, again.revision), (draft.draft_id, Revision(2)));
            assert_eq!(again.name, "Mine");
        }
        Begun::Created(again) => panic!("{again:?} is new"),
    }

    // The pointer goes back: the draft begins from what is active, and has seen all versions.
    store.write(|uow| activate(uow, one)).unwrap();
    let draft = created(begin(store, somebody(store), plan).unwrap());
    assert_eq!((draft.base_version_id, draft.seen_version_number), (Some(one), 2));
    assert_eq!(content(store, &draft), first);
}

#[test]
fn a_draft_of_a_plan_without_version_is_empty_and_has_its_name() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let draft = created(begin(store, somebody(store), kitchen.plan.plan_id).unwrap());
    assert_eq!((draft.base_version_id, draft.seen_version_number), (None, 0));
    assert_eq!(content(store, &draft), Content { name: "Week".to_owned(), meals: Vec::new() });
}

#[test]
fn what_cannot_begin_says_why() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let one = version(&kitchen, &kitchen.content([1, 1, 1, 1]));
    let user = somebody(store);
    let unknown = begin(store, user, PlanId(4711)).unwrap_err();
    assert_eq!(unknown.to_string(), "meal_planning::Plan 4711 was not found");
    assert!(unknown.is_not_found());

    let nobody = begin(store, UserId::new(), plan).unwrap_err();
    assert!(matches!(nobody, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
    assert_eq!(nobody.to_string(), "the user of a draft exists");
    let from =
        |user: UserId, version| store.write(|uow| uow.meal_plan_drafts(user).begin_from(version));
    let nobody = from(UserId::new(), one).unwrap_err();
    assert_eq!(nobody.to_string(), "the user of a draft exists");
    let unknown = from(user, VersionId(4711)).unwrap_err();
    assert_eq!(unknown.to_string(), "meal_planning::Version 4711 was not found");

    store.write(|uow| execute(uow, "UPDATE active_plans SET archived_at = now()")).unwrap();
    for archived in [begin(store, user, plan).map(Begun::into_draft), from(user, one)] {
        let archived = archived.unwrap_err();
        assert!(matches!(&archived, Error::Conflict { .. }), "{archived}");
        assert!(archived.to_string().contains("is archived"), "{archived}");
    }
    // The one that was there stays.
    assert!(matches!(begin(store, kitchen.user, plan), Ok(Begun::Resumed(_))));
    assert_eq!(number(store, "SELECT count(*) FROM draft_plans"), 1);
}

#[test]
fn a_draft_begins_from_any_version_unless_there_is_one() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let first = Content { name: "First".to_owned(), ..kitchen.content([1, 2, 1, 3]) };
    let one = version(&kitchen, &first);
    version(&kitchen, &kitchen.content([1, 1, 1, 1]));

    let user = somebody(store);
    let from = || store.write(|uow| uow.meal_plan_drafts(user).begin_from(one));
    let draft = from().unwrap();
    assert_eq!((draft.base_version_id, draft.seen_version_number), (Some(one), 2));
    assert_eq!(content(store, &draft), first);

    let refused = from().unwrap_err();
    assert!(matches!(&refused, Error::Conflict { entity: "meal_planning::Draft", .. }));
    assert!(refused.to_string().contains("cancel or commit it"), "{refused}");
    let stored = store.read(|uow| uow.meal_plan_drafts(user).get(draft.draft_id)).unwrap();
    assert_eq!(stored, draft);
}

/// All of them at once; each unit is open before any goes on.
fn at_once<T: Send>(
    store: &Store,
    threads: usize,
    repeatable: bool,
    work: impl Fn(&mut UnitOfWork<'_>, usize) -> Result<T> + Sync,
) -> (Vec<T>, usize) {
    let (start, runs) = (&Barrier::new(threads), &AtomicUsize::new(0));
    let work = &work;
    let done = thread::scope(|scope| {
        let enter = |nth: usize| {
            move || {
                let mut entered = false;
                let unit = store.transaction().attempts(8);
                let unit = if repeatable { unit.repeatable_read() } else { unit };
                unit.run(|uow| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    // The snapshot of REPEATABLE READ is of its first statement.
                    execute(uow, "SELECT 1 FROM plans LIMIT 1")?;
                    if !std::mem::replace(&mut entered, true) {
                        start.wait();
                    }
                    work(uow, nth)
                })
            }
        };
        let threads: Vec<_> = (0..threads).map(|nth| scope.spawn(enter(nth))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic").unwrap()).collect()
    });
    (done, runs.load(Ordering::Relaxed))
}

#[test]
fn begins_at_once_give_one_draft() {
    for repeatable in [false, true] {
        let kitchen = Kitchen::new();
        let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
        let base = kitchen.content([2, 2, 2, 3]);
        version(&kitchen, &base);
        let mut repeated = 0;
        for _ in 0..12 {
            let user = somebody(store);
            let (begun, runs) =
                at_once(store, 4, repeatable, |uow, _| uow.meal_plan_drafts(user).begin(plan));
            let new = begun.iter().filter(|begun| matches!(begun, Begun::Created(_))).count();
            assert_eq!(new, 1, "{begun:?}");
            let first = begun[0].draft();
            assert!(begun.iter().all(|begun| begun.draft() == first), "{begun:?}");
            assert_eq!(content(store, first), base);
            repeated += runs - 4;
        }
        // Only a unit that reads at one moment is ever run again.
        assert_eq!(repeated > 0, repeatable, "{repeated} units were run again");
    }
}

/// `then` meets a transaction that did `first`: that one is committed once `then` waits for it.
fn meeting<T: Send>(
    store: &Store,
    first: impl Fn(&mut UnitOfWork<'_>) -> Result<()>,
    then: impl FnOnce() -> T + Send,
) -> T {
    const WAITS: &str = "SELECT count(*) FROM pg_locks
                          WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let mut then = Some(then);
    thread::scope(|scope| {
        let given = store.write(|uow| {
            first(uow)?;
            let then = then.take().expect("run once");
            let given = scope.spawn(then);
            while text(uow, WAITS)? == "0" {
                assert!(!given.is_finished(), "it did not wait");
                thread::yield_now();
            }
            Ok(given)
        });
        given.unwrap().join().expect("no panic")
    })
}

#[test]
fn what_is_copied_is_the_base_when_the_pointer_moves_meanwhile() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let first = kitchen.content([1, 1, 1, 2]);
    let one = version(&kitchen, &first);
    let second = kitchen.content([2, 2, 1, 1]);
    let two = version(&kitchen, &second);
    let user = somebody(store);

    // A revert, of which the statement's snapshot knows nothing.
    let begun = meeting(store, |uow| activate(uow, one), || begin(store, user, plan));
    let draft = created(begun.unwrap());
    assert_eq!(draft.base_version_id, Some(one));
    assert_eq!(content(store, &draft), first);

    // A commit: its rows are not in the snapshot at all. And what was active goes.
    let third = kitchen.content([3, 1, 1, 1]);
    let user = somebody(store);
    store.write(|uow| activate(uow, two)).unwrap();
    let commit = |uow: &mut UnitOfWork<'_>| {
        let mut drafts = uow.meal_plan_drafts(kitchen.user);
        let draft = drafts.get(kitchen.draft.draft_id)?;
        drafts.put(draft.draft_id, draft.revision, &third)?;
        let three = by_hand::version_of(uow, draft.draft_id)?;
        activate(uow, three)?;
        prune(uow, two)
    };
    let draft = created(meeting(store, commit, || begin(store, user, plan)).unwrap());
    assert_eq!(draft.seen_version_number, 3);
    assert_eq!(content(store, &draft), third);

    // A commit, and a revert to what was active: nothing was missed.
    let user = somebody(store);
    let there_and_back = |uow: &mut UnitOfWork<'_>| {
        let four = by_hand::version_of(uow, kitchen.draft.draft_id)?;
        activate(uow, four)?;
        activate(uow, draft.base_version_id.expect("a base"))
    };
    let again = created(meeting(store, there_and_back, || begin(store, user, plan)).unwrap());
    assert_eq!((again.base_version_id, again.seen_version_number), (draft.base_version_id, 4));

    // A version that is pruned while its plan is waited for.
    let user = somebody(store);
    let hold_and_prune = |uow: &mut UnitOfWork<'_>| {
        execute(uow, "DELETE FROM draft_plans WHERE base_version_id IS NOT NULL")?;
        execute(uow, "SELECT 1 FROM active_plans FOR UPDATE")?;
        prune(uow, one)
    };
    let gone = meeting(store, hold_and_prune, || {
        store.write(|uow| uow.meal_plan_drafts(user).begin_from(one))
    });
    assert!(gone.unwrap_err().is_not_found());
    assert_eq!(number(store, "SELECT count(*) FROM draft_plans"), 1);
}

#[test]
fn a_unit_that_reads_at_one_moment_begins_again_when_the_pointer_moves() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let first = kitchen.content([1, 1, 1, 2]);
    let one = version(&kitchen, &first);
    version(&kitchen, &kitchen.content([2, 2, 1, 1]));
    let user = somebody(store);
    let runs = AtomicUsize::new(0);
    let begun = meeting(
        store,
        |uow| activate(uow, one),
        || {
            store.transaction().repeatable_read().attempts(3).run(|uow| {
                runs.fetch_add(1, Ordering::Relaxed);
                uow.meal_plan_drafts(user).begin(plan)
            })
        },
    );
    let draft = created(begun.unwrap());
    assert_eq!((draft.base_version_id, runs.into_inner()), (Some(one), 2));
    assert_eq!(content(store, &draft), first);
}

#[test]
fn a_users_drafts_are_listed_found_and_cancelled_by_nobody_else() {
    let kitchen = Kitchen::new();
    let (store, user) = (kitchen.store(), kitchen.user);
    let other = somebody(store);
    let more: Vec<Draft> = store
        .write(|uow| {
            let mut made = Vec::new();
            for name in ["Two", "Three"] {
                made.push(uow.meal_plans().create(user, name)?.1);
            }
            uow.meal_plans().create(other, "Theirs")?;
            Ok(made)
        })
        .unwrap();
    let list = |page| store.read(|uow| uow.meal_plan_drafts(user).list(page)).unwrap();
    let first = list(Page::first(2));
    assert_eq!(first.items, [kitchen.draft.clone(), more[0].clone()]);
    let second = list(Page::after(first.next.unwrap(), 2));
    assert_eq!((second.items, second.next), (vec![more[1].clone()], None));
    let none = store.read(|uow| uow.meal_plan_drafts(user).list(Page::first(0)));
    assert!(matches!(none, Err(Error::Invalid { .. })));

    let found =
        |of: UserId| store.read(|uow| uow.meal_plan_drafts(of).find_by_plan(more[0].plan_id));
    assert_eq!(found(user).unwrap().as_ref(), Some(&more[0]));
    assert_eq!(found(other).unwrap(), None);

    let id = kitchen.draft.draft_id;
    let full = kitchen.content([2, 2, 2, 2]);
    store.write(|uow| uow.meal_plan_drafts(user).put(id, Revision(1), &full)).unwrap();
    let refused = store.write(|uow| {
        let stale = uow.meal_plan_drafts(user).cancel(id, Revision(1)).unwrap_err();
        let foreign = uow.meal_plan_drafts(other).cancel(id, Revision(2)).unwrap_err();
        let unknown = uow.meal_plan_drafts(user).cancel(DraftId(4711), Revision(1)).unwrap_err();
        Ok((stale, foreign, unknown))
    });
    let (stale, foreign, unknown) = refused.unwrap();
    assert!(matches!(&stale, Error::Stale { .. }), "{stale}");
    assert!(foreign.is_not_found() && unknown.is_not_found());
    let rows = "SELECT (SELECT count(*) FROM draft_plans) + (SELECT count(*) FROM draft_meals)
                     + (SELECT count(*) FROM draft_meal_sections)
                     + (SELECT count(*) FROM draft_ingredients)";
    assert_eq!(number(store, rows), 4 + 4 + 8 + 16);
    store.write(|uow| uow.meal_plan_drafts(user).cancel(id, Revision(2))).unwrap();
    assert_eq!(number(store, rows), 3);
    assert_eq!(number(store, "SELECT count(*) FROM plan_versions"), 0);
    // And it may begin anew.
    created(begin(store, user, kitchen.plan.plan_id).unwrap());
}
