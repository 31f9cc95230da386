//! Users at a few plans, while others' drafts are filled and emptied again and again and autovacuum
//! cleans up behind all of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid};
use planwright::local_server::LocalServer;
use planwright::meal_planning::{
    Committed, Content, DraftId, IMMUTABLE, INVARIANTS, IngredientId, Message, PlanId, PrunePolicy,
    PruneScope, Revision, factory,
};
use planwright::migrate::Migrator;
use planwright::verify::{self, Immutability};
use planwright::{Context, Error, Page, Result, Store, StoreOptions, UnitOfWork, UserId};

use crate::shared::watch;
use crate::support::number;

const CYCLES: usize = 300;
const USERS: usize = 4;
const PLANS: usize = 3;
/// What the tables of drafts may grow to: a draft of each user and what its fills leave dead until
/// autovacuum has come by. 300 fills of nothing removed are some 120 MiB.
const MOST_MIB: i64 = 60;

type DraftAt = (DraftId, Revision);

fn begin(uow: &mut UnitOfWork<'_>, plan: PlanId, user: UserId) -> Result<DraftAt> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        draft_id: DraftId,
        #[diesel(sql_type = BigInt)]
        revision: Revision,
    }
    diesel::sql_query("SELECT FROM active_plans WHERE plan_id = $1 FOR UPDATE")
        .bind::<BigInt, _>(plan)
        .execute(uow.connection())?;
    let row: Row = diesel::sql_query(
        "INSERT INTO draft_plans (user_id, plan_id, name, base_version_id, seen_version_number)
         SELECT $1, plan_id, name, plan_version_id,
                (SELECT coalesce(max(version_number), 0) FROM plan_versions v
                  WHERE v.plan_id = a.plan_id)
           FROM active_plans a WHERE plan_id = $2
         RETURNING draft_id, revision",
    )
    .bind::<Uuid, _>(user)
    .bind::<BigInt, _>(plan)
    .get_result(uow.connection())?;
    Ok((row.draft_id, row.revision))
}

fn cancel(uow: &mut UnitOfWork<'_>, (draft, _): DraftAt) -> Result<()> {
    let deleted = diesel::sql_query("DELETE FROM draft_plans WHERE draft_id = $1")
        .bind::<BigInt, _>(draft)
        .execute(uow.connection())?;
    assert_eq!(deleted, 1);
    Ok(())
}

#[derive(Debug, Default)]
struct Counts {
    units: AtomicUsize,
    runs: AtomicUsize,
    commits: AtomicUsize,
    stale: AtomicUsize,
    reverts: AtomicUsize,
    pruned: AtomicUsize,
    cancels: AtomicUsize,
    longest_ms: AtomicUsize,
}

impl Counts {
    fn add(counter: &AtomicUsize) -> usize {
        counter.fetch_add(1, Ordering::Relaxed)
    }

    fn write<T>(
        &self,
        store: &Store,
        mut work: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>,
    ) -> Result<T> {
        Self::add(&self.units);
        let begin = Instant::now();
        let done = store.write(|uow| {
            Self::add(&self.runs);
            work(uow)
        });
        let took = usize::try_from(begin.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.longest_ms.fetch_max(took, Ordering::Relaxed);
        done
    }

    /// Each kind of step was taken, nobody met a deadlock, and autovacuum has kept up.
    fn judge(&self, store: &Store, waits: &watch::Waits) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let drafts = |what: &str| {
            let of = "FROM pg_stat_user_tables WHERE relname LIKE 'draft\\_%'";
            number(store, &format!("SELECT {what} {of}"))
        };
        let mib = "sum(pg_total_relation_size(relid)) / 1048576";
        let (dead, vacuums) = (drafts("sum(n_dead_tup)"), drafts("sum(autovacuum_count)"));
        let (drafts, all) =
            (drafts(mib), number(store, &format!("SELECT {mib} FROM pg_stat_user_tables")));
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let deadlocks = number(store, deadlocks);
        let again = count(&self.runs) - count(&self.units);
        println!(
            "{} commits, {} stale, {} reverts, {} versions pruned, {} cancels; {} waits for a lock \
             in {} samples, {deadlocks} deadlocks, {again} units run again, longest unit {} ms",
            count(&self.commits),
            count(&self.stale),
            count(&self.reverts),
            count(&self.pruned),
            count(&self.cancels),
            waits.seen,
            waits.samples,
            count(&self.longest_ms),
        );
        println!(
            "tables of drafts: {drafts} MiB, {dead} rows dead, {vacuums} vacuums; all: {all} MiB"
        );
        for what in [&self.commits, &self.reverts, &self.pruned, &self.cancels] {
            assert!(count(what) > 0, "{self:?}");
        }
        assert!(waits.seen > 0, "nobody waited for a lock");
        assert_eq!((deadlocks, again), (0, 0), "deadlocks, and units that were run again");
        assert!(vacuums > 0 && drafts < MOST_MIB, "{vacuums} vacuums, {drafts} MiB");
    }
}

/// Tells the others, also where there is a panic.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A user's next step at a plan: mostly a commit.
fn step(
    store: &Store,
    counts: &Counts,
    (user, plan): (UserId, PlanId),
    content: &Content,
    nth: usize,
) {
    let drafted = counts.write(store, |uow| begin(uow, plan, user)).unwrap();
    let mut revision = drafted.1;
    revision = counts
        .write(store, |uow| uow.meal_plan_drafts(user).put(drafted.0, revision, content))
        .unwrap();
    match nth % 5 {
        0 => {
            counts.write(store, |uow| cancel(uow, drafted)).unwrap();
            Counts::add(&counts.cancels);
            return;
        }
        1 => {
            let history = store
                .read(|uow| uow.meal_plan_versions().history(plan, Page::first(20)))
                .unwrap()
                .items;
            if let Some(oldest) = history.last() {
                let version = oldest.version.plan_version_id;
                let reverted = counts
                    .write(store, |uow| uow.meal_plans().revert(plan, version, user, "Back again"));
                match reverted {
                    Ok(_) => drop(Counts::add(&counts.reverts)),
                    // Somebody has pruned it meanwhile.
                    Err(Error::Conflict { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
        2 => {
            let policy = PrunePolicy::keep_last(5).active_within(0);
            let report = counts
                .write(store, |uow| {
                    uow.meal_plan_versions().prune(PruneScope::Plan(plan), &policy, user, "Space")
                })
                .unwrap();
            counts.pruned.fetch_add(report.gone().count(), Ordering::Relaxed);
        }
        _ => {}
    }
    let commit = |uow: &mut UnitOfWork<'_>| {
        uow.meal_plan_drafts(user).commit(drafted.0, revision, &Message::new("Better"))
    };
    match counts.write(store, commit) {
        Ok(Committed::Version(_)) => drop(Counts::add(&counts.commits)),
        Ok(Committed::Unchanged { .. }) => panic!("each content is new"),
        Err(Error::Stale { .. }) => {
            Counts::add(&counts.stale);
            counts.write(store, |uow| cancel(uow, drafted)).unwrap();
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn drafts_that_are_filled_and_emptied_leave_nothing_beside_users_who_commit() {
    let server = LocalServer::builder().setting("autovacuum_naptime", "1s").start().unwrap();
    let store = Store::connect(&server.url("postgres"), &StoreOptions::default()).unwrap();
    Migrator::new(&store).contexts([Context::MealPlanning]).up().unwrap();
    let (users, ingredients, plans) = store
        .write(|uow| {
            let users: Vec<UserId> =
                (0..=USERS).map(|_| factory::user(uow)).collect::<Result<_>>()?;
            let ingredients: Vec<IngredientId> = factory::ingredients(uow, "ingredient", 100)?;
            let mut plans = Vec::new();
            for nth in 0..PLANS {
                let (plan, draft) = uow.meal_plans().create(users[0], &format!("Plan {nth}"))?;
                cancel(uow, (draft.draft_id, draft.revision))?;
                plans.push(plan.plan_id);
            }
            Ok((users, ingredients, plans))
        })
        .unwrap();

    let counts = &Counts::default();
    let done = &AtomicBool::new(false);
    let (store, plans, ingredients) = (&store, &plans, &ingredients);
    let begun = Instant::now();
    let waits = thread::scope(|scope| {
        let cycler = users[USERS];
        scope.spawn(move || {
            let _end = End(done);
            let full = factory::content("Plan", [7, 4, 4, 12], ingredients);
            let empty = Content { name: "Plan".to_owned(), meals: Vec::new() };
            for cycle in 0..CYCLES {
                let plan = plans[cycle % PLANS];
                let draft = counts.write(store, |uow| begin(uow, plan, cycler)).unwrap();
                let put = |revision, content| {
                    let put = |uow: &mut UnitOfWork<'_>| {
                        uow.meal_plan_drafts(cycler).put(draft.0, revision, content)
                    };
                    counts.write(store, put).unwrap()
                };
                put(put(draft.1, &full), if cycle % 2 == 0 { &empty } else { &full });
                counts.write(store, |uow| cancel(uow, draft)).unwrap();
            }
        });
        for (nth, user) in users[..USERS].iter().copied().enumerate() {
            scope.spawn(move || {
                for turn in nth.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    let content = factory::content("Plan", [2, 3, 2, 4], ingredients);
                    // The name is that of the plan, and another plan of its owner may not have it.
                    let which = turn % PLANS;
                    let content = Content { name: format!("Plan {which}"), ..content };
                    step(store, counts, (user, plans[which]), &content, turn);
                }
            });
        }
        watch::locks(&server.url("postgres"), || done.load(Ordering::Relaxed))
    });

    let took = begun.elapsed();
    println!("{CYCLES} cycles in {took:.1?} beside {USERS} users");
    counts.judge(store, &waits);
    for table in ["draft_plans", "draft_meals", "draft_meal_sections", "draft_ingredients"] {
        assert_eq!(number(store, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    let sanity = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    assert!(sanity.broken().next().is_none(), "{sanity}");
    let report = Immutability::of(IMMUTABLE).run(store).unwrap();
    assert!(report.is_sound(), "{report}");
    println!("{report}");
    assert!(took < Duration::from_secs(120), "{took:?}");
}
