//! Several sessions at one plan, at the same moment.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use planwright::meal_planning::{
    Committed, Content, DraftId, PrunePolicy, PruneScope, Revision, VersionId,
};
use planwright::{Error, Page, Result, Store, UnitOfWork, UserId};

use super::Kitchen;
use super::steps::{assert_sound, begin, drafted, made, message, users};
use crate::support::{execute, number};

const ROUNDS: usize = 25;

/// Both units are open before either goes on. No deadlock is answered by another attempt.
fn race<A: Send, B: Send>(
    store: &Store,
    mut a: impl FnMut(&mut UnitOfWork<'_>) -> Result<A> + Send,
    mut b: impl FnMut(&mut UnitOfWork<'_>) -> Result<B> + Send,
) -> (Result<A>, Result<B>) {
    let start = &Barrier::new(2);
    let open = || store.transaction().attempts(1);
    thread::scope(|scope| {
        let b = scope.spawn(move || {
            open().run(|uow| {
                start.wait();
                b(uow)
            })
        });
        let a = open().run(|uow| {
            start.wait();
            a(uow)
        });
        (a, b.join().expect("no panic"))
    })
}

struct Arena {
    kitchen: Kitchen,
    content: Content,
}

impl Arena {
    fn new() -> Self {
        let kitchen = Kitchen::new();
        let content = kitchen.content([1, 2, 1, 1]);
        kitchen.commit(&content);
        Self { kitchen, content }
    }

    fn store(&self) -> &Store {
        self.kitchen.store()
    }

    fn draft(&self, user: UserId) -> (DraftId, Revision) {
        let content = self.kitchen.content([1, 2, 2, 2]);
        let plan = self.kitchen.plan.plan_id;
        self.store().write(|uow| drafted(uow, plan, user, &content)).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        number(self.store(), &format!("SELECT count(*) FROM {table}"))
    }

    /// What must hold, and no deadlock was found by the server.
    fn leave(self) {
        assert_sound(self.store());
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(number(self.store(), sql), 0, "deadlocks");
    }
}

fn commit(
    user: UserId,
    (draft, revision): (DraftId, Revision),
) -> impl FnMut(&mut UnitOfWork<'_>) -> Result<Committed> + Send {
    move |uow| uow.meal_plan_drafts(user).commit(draft, revision, &message())
}

#[test]
fn two_commits_of_one_draft_make_one_version() {
    let arena = Arena::new();
    let user = arena.kitchen.user;
    for round in 0..ROUNDS {
        let draft = arena.draft(user);
        let (a, b) = race(arena.store(), commit(user, draft), commit(user, draft));
        let (winner, loser) = if a.is_ok() { (a, b) } else { (b, a) };
        assert_eq!(made(winner.unwrap()).version_number as usize, round + 2);
        let error = loser.unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(arena.count("draft_plans"), 0);
    }
    arena.leave();
}

#[test]
fn two_drafts_of_one_plan_make_a_version_and_a_stale_draft() {
    let arena = Arena::new();
    let (user, other) = (arena.kitchen.user, users(arena.store(), 1)[0]);
    for round in 0..ROUNDS {
        let (mine, theirs) = (arena.draft(user), arena.draft(other));
        let (a, b) = race(arena.store(), commit(user, mine), commit(other, theirs));
        let (winner, loser) = if a.is_ok() { (a, b) } else { (b, a) };
        assert_eq!(made(winner.unwrap()).version_number as usize, round + 2);
        let error = loser.unwrap_err();
        assert!(matches!(error, Error::Stale { entity: "meal_planning::Plan", .. }), "{error:?}");
        assert_eq!(arena.count("draft_plans"), 1);
        arena.store().write(|uow| execute(uow, "DELETE FROM draft_plans")).unwrap();
    }
    arena.leave();
}

#[test]
fn a_commit_and_an_edit_follow_each_other() {
    let arena = Arena::new();
    let user = arena.kitchen.user;
    let (mut committed, mut edited) = (0, 0);
    for _ in 0..ROUNDS {
        let draft = arena.draft(user);
        let content = arena.kitchen.content([1, 3, 1, 1]);
        let edit =
            |uow: &mut UnitOfWork<'_>| uow.meal_plan_drafts(user).put(draft.0, draft.1, &content);
        match race(arena.store(), commit(user, draft), edit) {
            (Ok(_), Err(error)) => {
                assert!(error.is_not_found(), "{error:?}");
                committed += 1;
            }
            (Err(error), Ok(_)) => {
                let stale = matches!(error, Error::Stale { entity: "meal_planning::Draft", .. });
                assert!(stale, "{error:?}");
                edited += 1;
                arena.store().write(|uow| execute(uow, "DELETE FROM draft_plans")).unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(arena.count("draft_plans"), 0);
    }
    println!("{committed} commits, {edited} edits came first");
    arena.leave();
}

#[test]
fn a_commit_and_a_cancel_leave_a_version_or_nothing() {
    let arena = Arena::new();
    let user = arena.kitchen.user;
    for _ in 0..ROUNDS {
        let draft = arena.draft(user);
        let before = arena.count("plan_versions");
        let cancel = |uow: &mut UnitOfWork<'_>| {
            execute(uow, &format!("DELETE FROM draft_plans WHERE draft_id = {}", draft.0))
        };
        let (committed, cancelled) = race(arena.store(), commit(user, draft), cancel);
        match (committed, cancelled.unwrap()) {
            (Ok(_), 0) => assert_eq!(arena.count("plan_versions"), before + 1),
            (Err(error), 1) => {
                assert!(error.is_not_found(), "{error:?}");
                assert_eq!(arena.count("plan_versions"), before);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(arena.count("draft_plans") + arena.count("draft_ingredients"), 0);
    }
    arena.leave();
}

#[test]
fn a_draft_that_is_begun_beside_a_commit_has_seen_it_or_is_stale() {
    let arena = Arena::new();
    let plan = arena.kitchen.plan.plan_id;
    let (user, other) = (arena.kitchen.user, users(arena.store(), 1)[0]);
    for _ in 0..ROUNDS {
        let draft = arena.draft(user);
        let (committed, begun) =
            race(arena.store(), commit(user, draft), |uow| begin(uow, plan, other));
        let (version, begun) = (made(committed.unwrap()), begun.unwrap());
        let has_seen = begun.base_version_id == Some(version.plan_version_id);
        assert_eq!(begun.seen_version_number == version.version_number, has_seen);
        let next = arena.store().write(|uow| {
            let mut drafts = uow.meal_plan_drafts(other);
            let content = arena.kitchen.content([1, 1, 1, 1]);
            let revision = drafts.put(begun.draft_id, begun.revision, &content)?;
            drafts.commit(begun.draft_id, revision, &message())
        });
        match next {
            Ok(_) => assert!(has_seen),
            Err(error) => assert!(!has_seen && error.is_conflict(), "{error:?}"),
        }
        arena.store().write(|uow| execute(uow, "DELETE FROM draft_plans")).unwrap();
    }
    arena.leave();
}

/// The plan's row comes before the draft's for everybody.
#[test]
fn whoever_takes_up_a_draft_and_whoever_commits_it_do_not_wait_in_a_circle() {
    let arena = Arena::new();
    let (user, plan) = (arena.kitchen.user, arena.kitchen.plan.plan_id);
    for _ in 0..ROUNDS {
        let draft = arena.draft(user);
        let take_up = |uow: &mut UnitOfWork<'_>| {
            execute(uow, &format!("SELECT FROM active_plans WHERE plan_id = {plan} FOR UPDATE"))?;
            execute(uow, &format!("SELECT FROM draft_plans WHERE plan_id = {plan} FOR UPDATE"))
        };
        let (committed, taken_up) = race(arena.store(), commit(user, draft), take_up);
        made(committed.unwrap());
        taken_up.unwrap();
    }
    arena.leave();
}

/// Each begins anew whenever somebody else was faster. Half of them work on a snapshot.
#[test]
fn eight_users_number_their_versions_without_gap() {
    const EACH: usize = 5;
    let arena = Arena::new();
    let plan = arena.kitchen.plan.plan_id;
    let users = users(arena.store(), 8);
    let stale = AtomicUsize::new(0);
    let start = Barrier::new(users.len());
    let one = |user: UserId, has_snapshot: bool| {
        let unit = || {
            let unit = arena.store().transaction().attempts(1_000);
            if has_snapshot { unit.repeatable_read() } else { unit }
        };
        let content = arena.kitchen.content([1, 2, 1, 1]);
        loop {
            let draft = unit().run(|uow| drafted(uow, plan, user, &content)).unwrap();
            match unit().run(commit(user, draft)) {
                Ok(_) => return,
                Err(Error::Stale { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
            stale.fetch_add(1, Ordering::Relaxed);
            let cancel = format!("DELETE FROM draft_plans WHERE draft_id = {}", draft.0);
            arena.store().write(|uow| execute(uow, &cancel)).unwrap();
        }
    };
    thread::scope(|scope| {
        for (nth, user) in users.iter().copied().enumerate() {
            let (one, start) = (&one, &start);
            scope.spawn(move || {
                start.wait();
                (0..EACH).for_each(|_| one(user, nth % 2 == 0));
            });
        }
    });
    println!("{} stale drafts", stale.into_inner());
    let history =
        arena.store().read(|uow| uow.meal_plan_versions().history(plan, Page::first(1_000)));
    let numbers: Vec<_> =
        history.unwrap().items.iter().rev().map(|entry| entry.version.version_number).collect();
    assert_eq!(numbers, (1..=8 * EACH as i32 + 1).collect::<Vec<_>>());
    arena.leave();
}

/// The oldest of three versions, by key, where the second is active.
fn oldest(arena: &Arena) -> VersionId {
    arena.kitchen.commit_again(&arena.kitchen.content([1, 1, 1, 1]));
    arena.kitchen.commit_again(&arena.content);
    let history = arena
        .store()
        .read(|uow| uow.meal_plan_versions().history(arena.kitchen.plan.plan_id, Page::first(9)));
    history.unwrap().items.last().expect("some").version.plan_version_id
}

#[test]
fn a_prune_breaks_neither_a_revert_nor_a_begin_nor_a_commit_beside_it() {
    let arena = Arena::new();
    let (user, plan) = (arena.kitchen.user, arena.kitchen.plan.plan_id);
    let policy = PrunePolicy::keep_last(1).active_within(0);
    let prune = |uow: &mut UnitOfWork<'_>| {
        uow.meal_plan_versions().prune(PruneScope::Plan(plan), &policy, user, "Space")
    };
    let (mut kept, mut gone) = (0, 0);
    for _ in 0..ROUNDS {
        let version = oldest(&arena);
        let revert =
            |uow: &mut UnitOfWork<'_>| uow.meal_plans().revert(plan, version, user, "Back");
        let (report, reverted) = race(arena.store(), prune, revert);
        let went = report.unwrap().gone().any(|verdict| verdict.plan_version_id == version);
        match reverted {
            Ok(_) => {
                assert!(!went);
                kept += 1;
            }
            Err(error) => {
                assert!(went && matches!(error, Error::Conflict { .. }), "{error:?}");
                gone += 1;
            }
        }

        // A draft on that version, by somebody who does not wait for the plan.
        let version = oldest(&arena);
        let begin = |uow: &mut UnitOfWork<'_>| {
            let sql = format!(
                "INSERT INTO draft_plans (user_id, plan_id, name, base_version_id,
                                          seen_version_number)
                 VALUES ('{user}', {plan}, 'Week', {version}, 1)"
            );
            execute(uow, &sql)
        };
        let explained = |error: Error| {
            let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
            assert_eq!(constraint, "draft_plans_base_version_id_plan_id_fk");
        };
        match race(arena.store(), prune, begin) {
            (Ok(report), begun) => {
                let went = report.gone().any(|verdict| verdict.plan_version_id == version);
                assert_eq!(begun.is_err(), went);
                begun.map_or_else(explained, drop);
            }
            (Err(error), begun) => {
                begun.unwrap();
                explained(error);
            }
        }
        arena.store().write(|uow| execute(uow, "DELETE FROM draft_plans")).unwrap();

        oldest(&arena);
        let draft = arena.draft(user);
        let (report, committed) = race(arena.store(), prune, commit(user, draft));
        made(committed.unwrap());
        assert!(report.unwrap().stayed().count() > 0);
    }
    println!("{kept} reverts came first, {gone} prunes");
    arena.leave();
}
