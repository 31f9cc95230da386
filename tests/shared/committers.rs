//! Many users who commit to one meal plan, each their own edits.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use chrono::NaiveTime;
use planwright::meal_planning::{
    Begun, Committed, Content, Draft, INVARIANTS, Line, Meal, Message, PlanId, Rebased, Section,
    factory,
};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Page, Result, Store, StoreOptions, UnitOfWork, UserId, verify};

use crate::support::number;

/// Versions in which not every commit before has added its gram.
const LOST: &str = "SELECT count(*) FROM (
    SELECT v.version_number, sum(l.quantity_g) AS grams
      FROM plan_versions v JOIN ingredient_versions l USING (plan_version_id)
     GROUP BY v.version_number) sums
  WHERE grams <> version_number - 1";

#[derive(Debug, Default)]
struct Counts {
    commits: AtomicUsize,
    stale: AtomicUsize,
    longest_ms: AtomicUsize,
}

/// Each user adds a gram to a line of their own and commits it, again and again.
pub(crate) fn committers(users: usize, time: Duration) {
    let connections = u32::try_from(users).unwrap();
    let options = StoreOptions::default().pool_size(connections);
    let database = TestDatabase::with_options([Context::MealPlanning], &options).unwrap();
    let store = database.store();
    let (users, plan, start) = store.write(|uow| planned(uow, users)).unwrap();
    let (counts, done) = (&Counts::default(), &AtomicBool::new(false));
    let grams: Vec<usize> = thread::scope(|scope| {
        let eat = |(user, meal)| {
            scope.spawn(move || {
                let mut grams = 0;
                while !done.load(Ordering::Relaxed) {
                    let begin = Instant::now();
                    grams += 1;
                    add_gram(store, user, plan, meal, grams, counts);
                    let took = usize::try_from(begin.elapsed().as_millis()).unwrap();
                    counts.longest_ms.fetch_max(took, Ordering::Relaxed);
                }
                grams
            })
        };
        let eaters: Vec<_> = users.iter().copied().zip(&start.meals).map(eat).collect();
        thread::sleep(time);
        done.store(true, Ordering::Relaxed);
        eaters.into_iter().map(|eater| eater.join().expect("no panic")).collect()
    });

    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (commits, stale) = (count(&counts.commits), count(&counts.stale));
    let deadlocks =
        number(store, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    println!(
        "{} users, {time:?}: {commits} commits, {stale} stale ones, {deadlocks} deadlocks, longest \
         from begin to commit {} ms",
        users.len(),
        count(&counts.longest_ms),
    );
    assert_eq!(commits, grams.iter().sum::<usize>());
    assert_eq!(numbers(store, plan), (1..=1 + i32::try_from(commits).unwrap()).collect::<Vec<_>>());
    let mut eaten = start;
    for (meal, grams) in eaten.meals.iter_mut().zip(&grams) {
        meal.sections[0].lines[0].quantity_g = u32::try_from(*grams).unwrap().into();
    }
    let active = store.read(|uow| active(uow, plan)).unwrap();
    assert_eq!(active, eaten, "an edit is lost");
    assert_eq!(number(store, LOST), 0, "an edit was lost for a while");
    assert_eq!(number(store, "SELECT count(*) FROM draft_plans"), 0);
    assert_eq!(deadlocks, 0);
    assert!(stale > 0, "nobody came in between");
    let sanity = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    assert!(sanity.broken().next().is_none(), "{sanity}");
}

/// Users, and a plan with a meal of no grams for each.
fn planned(uow: &mut UnitOfWork<'_>, users: usize) -> Result<(Vec<UserId>, PlanId, Content)> {
    let users = (0..users).map(|_| factory::user(uow)).collect::<Result<Vec<_>>>()?;
    let ingredient = factory::ingredients(uow, "oats", 1)?[0];
    let noon = NaiveTime::from_hms_opt(12, 0, 0).expect("a time");
    let meal = |(day, _)| {
        let section = Section { lines: vec![Line::new(ingredient, 0)], ..Section::new() };
        Meal { sections: vec![section], ..Meal::new(day, "Lunch", noon) }
    };
    let content = Content { name: "Canteen".into(), meals: (0..).zip(&users).map(meal).collect() };
    let (plan, draft) = uow.meal_plans().create(users[0], &content.name)?;
    let mut drafts = uow.meal_plan_drafts(users[0]);
    let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
    let _ = drafts.commit(draft.draft_id, revision, &Message::new("Empty plates"))?;
    Ok((users, plan.plan_id, content))
}

/// Until the commit is acknowledged. No deadlock is answered by another attempt.
fn add_gram(store: &Store, user: UserId, plan: PlanId, meal: &Meal, grams: usize, counts: &Counts) {
    let unit = || store.transaction().attempts(1);
    let line = &meal.sections[0].lines[0];
    let quantity = BigDecimal::from(u32::try_from(grams).unwrap());
    let begun = unit().run(|uow| uow.meal_plan_drafts(user).begin(plan));
    let Begun::Created(Draft { draft_id, revision, .. }) = begun.unwrap() else {
        panic!("a draft is left")
    };
    let mut revision = unit()
        .run(|uow| uow.meal_plan_drafts(user).set_quantity(draft_id, revision, line.id, &quantity))
        .unwrap();
    let message = Message::new(format!("{grams} g"));
    loop {
        match unit().run(|uow| uow.meal_plan_drafts(user).commit(draft_id, revision, &message)) {
            Ok(Committed::Version(version)) => {
                assert_eq!((version.author_id, version.message), (user, message.text));
                counts.commits.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(Error::Stale { entity: "meal_planning::Plan", .. }) => {}
            other => panic!("{other:?}"),
        }
        counts.stale.fetch_add(1, Ordering::Relaxed);
        match unit().run(|uow| uow.meal_plan_drafts(user).rebase(draft_id, revision)).unwrap() {
            Rebased::Done { revision: next, brought, .. } => {
                assert!(!brought.is_empty());
                revision = next;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The numbers of all versions, the first one first.
fn numbers(store: &Store, plan: PlanId) -> Vec<i32> {
    let (mut numbers, mut page) = (Vec::new(), Page::first(Page::<i32>::MAX));
    loop {
        let listed = store.read(|uow| uow.meal_plan_versions().history(plan, page)).unwrap();
        numbers.extend(listed.items.iter().map(|entry| entry.version.version_number));
        match listed.next {
            Some(next) => page = Page::after(next, Page::<i32>::MAX),
            None => break,
        }
    }
    numbers.reverse();
    numbers
}

fn active(uow: &mut UnitOfWork<'_>, plan: PlanId) -> Result<Content> {
    let version = uow.meal_plans().get(plan)?.plan_version_id.expect("an active version");
    uow.meal_plan_versions().content(version)
}
