//! A draft takes in what was committed since it was begun.

use std::sync::mpsc;
use std::thread;

use planwright::meal_planning::{
    Conflict, Content, Draft, DraftId, Field, Meal, PlanId, Rebased, Resolutions, Revision, RowId,
    Side, VersionId, factory,
};
use planwright::{Error, Result, Store, UnitOfWork, UserId};

use super::Kitchen;
use super::diff::at;
use crate::support::{execute, number};

/// Makes a version of a draft's rows, as a commit does.
fn commit(uow: &mut UnitOfWork<'_>, user: UserId, draft: DraftId) -> Result<VersionId> {
    let plan = uow.meal_plan_drafts(user).get(draft)?.plan_id;
    execute(uow, &format!("SELECT FROM active_plans WHERE plan_id = {plan} FOR UPDATE"))?;
    execute(
        uow,
        &format!(
            "INSERT INTO plan_versions (plan_id, version_number, name, base_version_id,
                                        base_version_number, author_id, message, content_digest)
             SELECT d.plan_id, 1 + (SELECT coalesce(max(version_number), 0) FROM plan_versions
                                     WHERE plan_id = {plan}),
                    d.name, d.base_version_id, b.version_number, d.user_id, '',
                    draft_digest(d.draft_id)
               FROM draft_plans d
               LEFT JOIN plan_versions b ON b.plan_version_id = d.base_version_id
              WHERE d.draft_id = {draft}"
        ),
    )?;
    let newest = format!(
        "(SELECT plan_version_id FROM plan_versions WHERE plan_id = {plan}
           ORDER BY version_number DESC LIMIT 1)"
    );
    for (to, from, columns) in [
        ("meals_in_plan_versions", "draft_meals", "meal_id, day, name, meal_time, position"),
        ("meal_section_versions", "draft_meal_sections", "section_id, meal_id, name, position"),
        (
            "ingredient_versions",
            "draft_ingredients",
            "line_id, section_id, ingredient_id, quantity_g, position",
        ),
    ] {
        execute(
            uow,
            &format!(
                "INSERT INTO {to} (plan_version_id, {columns})
                 SELECT {newest}, {columns} FROM {from} WHERE draft_id = {draft}"
            ),
        )?;
    }
    execute(uow, &format!("DELETE FROM draft_plans WHERE draft_id = {draft}"))?;
    let version = VersionId(crate::support::text(uow, &newest)?.parse().unwrap());
    activate(uow, user, plan, version)?;
    Ok(version)
}

fn activate(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    plan: PlanId,
    version: VersionId,
) -> Result<()> {
    execute(
        uow,
        &format!(
            "WITH a AS (
                UPDATE active_plans SET plan_version_id = {version}, activated_at = clock_timestamp()
                 WHERE plan_id = {plan} RETURNING *
             )
             INSERT INTO plan_activations (plan_id, plan_version_id, version_number, activated_at,
                                           activated_by, cause, reason)
             SELECT a.plan_id, v.plan_version_id, v.version_number, a.activated_at, '{user}',
                    'commit', ''
               FROM a JOIN plan_versions v ON v.plan_version_id = a.plan_version_id"
        ),
    )?;
    Ok(())
}

/// A draft of the active version, or of nothing.
fn begin(uow: &mut UnitOfWork<'_>, user: UserId, plan: PlanId) -> Result<Draft> {
    execute(
        uow,
        &format!(
            "INSERT INTO draft_plans (user_id, plan_id, name, base_version_id, seen_version_number)
             SELECT '{user}', plan_id, name, plan_version_id,
                    (SELECT coalesce(max(version_number), 0) FROM plan_versions
                      WHERE plan_id = {plan})
               FROM active_plans WHERE plan_id = {plan}"
        ),
    )?;
    let id = crate::support::text(uow, "SELECT max(draft_id) FROM draft_plans")?.parse().unwrap();
    let draft = uow.meal_plan_drafts(user).get(DraftId(id))?;
    if let Some(base) = draft.base_version_id {
        let content = uow.meal_plan_versions().content(base)?;
        uow.meal_plan_drafts(user).put(draft.draft_id, draft.revision, &content)?;
    }
    uow.meal_plan_drafts(user).get(draft.draft_id)
}

/// A plan with a version, that two users are drafting.
struct Table {
    kitchen: Kitchen,
    plan: PlanId,
    first: VersionId,
    content: Content,
    mine: Draft,
    other: UserId,
}

impl Table {
    fn new() -> Self {
        let kitchen = Kitchen::new();
        let (user, plan) = (kitchen.user, kitchen.plan.plan_id);
        let content = kitchen.content([2, 3, 2, 2]);
        let (first, mine, other) = kitchen
            .store()
            .write(|uow| {
                let draft = &kitchen.draft;
                uow.meal_plan_drafts(user).put(draft.draft_id, draft.revision, &content)?;
                let first = commit(uow, user, draft.draft_id)?;
                Ok((first, begin(uow, user, plan)?, factory::user(uow)?))
            })
            .unwrap();
        Self { kitchen, plan, first, content, mine, other }
    }

    fn store(&self) -> &Store {
        self.kitchen.store()
    }

    /// Puts a change of the active version into my draft.
    fn edit(&self, change: impl Fn(&mut Content)) -> Revision {
        self.store()
            .write(|uow| {
                let mut drafts = uow.meal_plan_drafts(self.kitchen.user);
                let mut content = drafts.content(self.mine.draft_id)?;
                change(&mut content);
                let revision = drafts.get(self.mine.draft_id)?.revision;
                drafts.put(self.mine.draft_id, revision, &content)
            })
            .unwrap()
    }

    /// The other user commits a change of the active version.
    fn colleague(&self, change: impl Fn(&mut Content)) -> VersionId {
        self.store().write(|uow| self.commit_other(uow, &change)).unwrap()
    }

    fn commit_other(
        &self,
        uow: &mut UnitOfWork<'_>,
        change: impl Fn(&mut Content),
    ) -> Result<VersionId> {
        let draft = begin(uow, self.other, self.plan)?;
        let mut drafts = uow.meal_plan_drafts(self.other);
        let mut content = drafts.content(draft.draft_id)?;
        change(&mut content);
        drafts.put(draft.draft_id, draft.revision, &content)?;
        commit(uow, self.other, draft.draft_id)
    }

    fn rebase(&self, expected: Revision) -> Result<Rebased> {
        let (user, draft) = (self.kitchen.user, self.mine.draft_id);
        self.store().write(|uow| uow.meal_plan_drafts(user).rebase(draft, expected))
    }

    fn now(&self) -> (Draft, Content) {
        let (user, draft) = (self.kitchen.user, self.mine.draft_id);
        self.store()
            .read(|uow| {
                let mut drafts = uow.meal_plan_drafts(user);
                Ok((drafts.get(draft)?, drafts.content(draft)?))
            })
            .unwrap()
    }
}

#[test]
fn both_edits_are_in_and_the_active_version_is_the_base() {
    let table = Table::new();
    let expected = table.edit(|mine| {
        mine.name = "Mine".to_owned();
        mine.meals[0].sections[0].lines.remove(0);
    });
    let second = table.colleague(|theirs| {
        theirs.meals[1].name = "Theirs".to_owned();
        theirs.meals.push(Meal::new(1, "Supper", at(22)));
    });
    let rebased = table.rebase(expected).unwrap();
    let Rebased::Done { revision, onto, brought } = rebased else { panic!("{rebased:?}") };
    assert_eq!((revision, onto), (Revision(expected.0 + 1), second));
    assert_eq!(
        brought.to_string(),
        "~ day 0, meal 1: name from \"meal 1\" to \"Theirs\"\n+ day 1, Supper: at 22:00:00\n"
    );

    let (draft, content) = table.now();
    assert_eq!((draft.base_version_id, draft.seen_version_number), (Some(second), 2));
    assert_eq!(draft.revision, revision);
    assert_eq!((&*content.name, content.meals.len()), ("Mine", 7));
    assert_eq!(content.meals[0].sections[0].lines.len(), 1);
    assert_eq!(content.meals[1].name, "Theirs");
    // What it changes about its base is mine alone.
    let user = table.kitchen.user;
    let own = table.store().read(|uow| uow.meal_plan_drafts(user).diff(draft.draft_id)).unwrap();
    let theirs = table.store().read(|uow| uow.meal_plan_versions().diff(table.first, second));
    assert_eq!(own.differences.len(), 2, "{own}");
    assert_eq!(theirs.unwrap().differences, brought.differences);

    assert_eq!(table.rebase(revision).unwrap(), Rebased::UpToDate);
    assert_eq!(table.now(), (draft, content));
}

#[test]
fn with_conflicts_nothing_is_written_until_each_is_answered() {
    let table = Table::new();
    let (user, id) = (table.kitchen.user, table.mine.draft_id);
    let expected = table.edit(|mine| {
        mine.meals[0].name = "Mine".to_owned();
        mine.meals[1].name = "Mine".to_owned();
        mine.meals[2].name = "Kept".to_owned();
    });
    let second = table.colleague(|theirs| {
        theirs.meals[0].name = "Theirs".to_owned();
        theirs.meals[1].name = "Theirs, too".to_owned();
    });
    let before = table.now();
    let rebased = table.rebase(expected).unwrap();
    let Rebased::Conflicts { onto, conflicts } = rebased else { panic!("{rebased:?}") };
    assert_eq!((onto, conflicts.len()), (second, 2));
    assert!(conflicts.iter().all(|c| matches!(c, Conflict::Field { field: Field::Name, .. })));
    assert_eq!(table.now(), before);

    let with = |onto, answers: &Resolutions| {
        table
            .store()
            .write(|uow| uow.meal_plan_drafts(user).rebase_with(id, expected, onto, answers))
    };
    let mut answers = Resolutions::default();
    answers.answer(conflicts[0].key(), Side::Mine);
    let rest = Rebased::Conflicts { onto, conflicts: conflicts[1..].to_vec() };
    assert_eq!(with(onto, &answers).unwrap(), rest);
    assert_eq!(table.now(), before);

    answers.answer(conflicts[1].key(), Side::Theirs);
    // Those answers are not for a version that came later.
    let third = table.colleague(|theirs| theirs.meals[1].name = "Third".to_owned());
    let error = with(onto, &answers).unwrap_err();
    assert!(matches!(error, Error::Stale { entity: "meal_planning::Plan", .. }), "{error}");
    assert_eq!(table.now(), before);

    let rebased = with(third, &answers).unwrap();
    assert!(matches!(rebased, Rebased::Done { onto, .. } if onto == third), "{rebased:?}");
    let (draft, content) = table.now();
    let names: Vec<_> = content.meals[..3].iter().map(|meal| &*meal.name).collect();
    let row = |nth: usize| RowId::Meal(table.content.meals[nth].id);
    assert!(matches!(conflicts[0], Conflict::Field { row: first, .. } if first == row(0)));
    assert_eq!(names, ["Mine", "Third", "Kept"]);
    assert_eq!((draft.base_version_id, draft.seen_version_number), (Some(third), 3));
}

#[test]
fn a_plan_without_versions_has_nothing_to_rebase_onto() {
    let kitchen = Kitchen::new();
    let draft = &kitchen.draft;
    let rebased = kitchen
        .store()
        .write(|uow| uow.meal_plan_drafts(kitchen.user).rebase(draft.draft_id, draft.revision));
    assert_eq!(rebased.unwrap(), Rebased::UpToDate);
}

#[test]
fn a_draft_without_base_keeps_its_name_and_its_meals() {
    let kitchen = Kitchen::new();
    let (user, plan, mine) = (kitchen.user, kitchen.plan.plan_id, &kitchen.draft);
    let content = kitchen.content([1, 2, 1, 1]);
    let (own, diff, rebased, merged) = kitchen
        .store()
        .write(|uow| {
            let renamed = Content { name: "Renamed".to_owned(), ..content.clone() };
            let mut drafts = uow.meal_plan_drafts(user);
            let revision = drafts.put(mine.draft_id, mine.revision, &renamed)?;
            let diff = drafts.diff(mine.draft_id)?;
            let other = factory::user(uow)?;
            let draft = begin(uow, other, plan)?;
            let theirs = factory::content("Week", [2, 1, 0, 0], &[]);
            uow.meal_plan_drafts(other).put(draft.draft_id, draft.revision, &theirs)?;
            commit(uow, other, draft.draft_id)?;
            let rebased = uow.meal_plan_drafts(user).rebase(mine.draft_id, revision)?;
            let merged = uow.meal_plan_drafts(user).content(mine.draft_id)?;
            Ok((renamed, diff, rebased, merged))
        })
        .unwrap();
    assert!(matches!(rebased, Rebased::Done { .. }), "{rebased:?}");
    // Two meals with a section and a line each; the name is its own.
    assert_eq!(diff.differences.len(), 6, "{diff}");
    assert_eq!((&*merged.name, merged.meals.len()), ("Renamed", 4));
    assert!(own.meals.iter().all(|meal| merged.meals.contains(meal)));
}

#[test]
fn after_a_revert_the_draft_is_rebased_onto_the_active_version() {
    let table = Table::new();
    let expected = table.edit(|mine| mine.meals[0].name = "Mine".to_owned());
    table.colleague(|theirs| theirs.name = "Put aside".to_owned());
    let user = table.kitchen.user;
    table.store().write(|uow| activate(uow, user, table.plan, table.first)).unwrap();
    let before = table.now().1;
    let rebased = table.rebase(expected).unwrap();
    let Rebased::Done { revision, onto, brought } = rebased else { panic!("{rebased:?}") };
    assert_eq!((onto, brought.is_empty()), (table.first, true));
    let (draft, content) = table.now();
    assert_eq!((draft.seen_version_number, content), (2, before));
    assert_eq!(table.rebase(revision).unwrap(), Rebased::UpToDate);
}

#[test]
fn a_draft_of_another_user_or_revision_is_refused() {
    let table = Table::new();
    let id = table.mine.draft_id;
    // Another revision has other conflicts.
    table.edit(|mine| mine.meals[1].name = "Mine".to_owned());
    table.colleague(|theirs| theirs.meals.truncate(1));
    let before = table.now();
    let stale = table.rebase(Revision(before.0.revision.0 - 1)).unwrap_err();
    assert!(matches!(stale, Error::Stale { entity: "meal_planning::Draft", .. }), "{stale}");
    let other = |uow: &mut UnitOfWork<'_>| {
        let mut drafts = uow.meal_plan_drafts(table.other);
        assert!(drafts.diff(id).unwrap_err().is_not_found());
        drafts.rebase(id, before.0.revision)
    };
    assert!(table.store().write(other).unwrap_err().is_not_found());
    let none = DraftId(id.0 + 1_000);
    let error = table
        .store()
        .write(|uow| uow.meal_plan_drafts(table.other).rebase(none, Revision(1)))
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(table.now(), before);
}

/// Runs `first`, and `second` in a unit of its own, which waits for the end of the first.
fn behind<A, B: Send>(
    store: &Store,
    first: impl FnOnce(&mut UnitOfWork<'_>) -> Result<A>,
    second: impl Fn() -> Result<B> + Sync,
) -> (Result<A>, Result<B>) {
    thread::scope(|scope| {
        let (begun, begin) = mpsc::channel();
        let second = &second;
        let second = scope.spawn(move || {
            begin.recv().unwrap();
            second()
        });
        let mut first = Some(first);
        let first = store.write(|uow| {
            let done = first.take().expect("one attempt")(uow)?;
            begun.send(()).unwrap();
            let waiting = "SELECT count(*) FROM pg_locks
                            WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
            while crate::support::text(uow, waiting)? == "0" {
                assert!(!second.is_finished(), "nobody waited");
            }
            Ok(done)
        });
        drop(begun); // where the first has failed, the second does not wait for ever
        (first, second.join().unwrap())
    })
}

#[test]
fn a_rebase_sees_the_commit_that_it_waited_for() {
    let table = Table::new();
    let expected = table.edit(|mine| mine.meals[0].name = "Mine".to_owned());
    let (second, rebased) = behind(
        table.store(),
        |uow| table.commit_other(uow, |theirs| theirs.meals[1].name = "Theirs".to_owned()),
        || table.rebase(expected),
    );
    let rebased = rebased.unwrap();
    assert!(
        matches!(rebased, Rebased::Done { onto, .. } if onto == *second.as_ref().unwrap()),
        "{rebased:?}"
    );
    assert_eq!(table.now().0.seen_version_number, 2);
}

#[test]
fn a_commit_waits_for_a_rebase() {
    let table = Table::new();
    let expected = table.edit(|mine| mine.meals[0].name = "Mine".to_owned());
    table.colleague(|theirs| theirs.meals[1].name = "Theirs".to_owned());
    let (user, id) = (table.kitchen.user, table.mine.draft_id);
    let (rebased, third) = behind(
        table.store(),
        |uow| uow.meal_plan_drafts(user).rebase(id, expected),
        || table.store().write(|uow| table.commit_other(uow, |_| ())),
    );
    assert!(matches!(rebased.unwrap(), Rebased::Done { .. }));
    let (draft, _) = table.now();
    assert_eq!(draft.seen_version_number, 2);
    assert!(draft.base_version_id < Some(third.unwrap()));
}

#[test]
fn an_edit_that_a_rebase_waited_for_makes_it_stale() {
    let table = Table::new();
    let expected = table.edit(|mine| mine.meals[0].name = "Mine".to_owned());
    table.colleague(|theirs| theirs.meals[1].name = "Theirs".to_owned());
    let (user, id) = (table.kitchen.user, table.mine.draft_id);
    let between = Content { name: "Between".to_owned(), ..table.content.clone() };
    let (edited, rebased) = behind(
        table.store(),
        |uow| uow.meal_plan_drafts(user).put(id, expected, &between),
        || table.rebase(expected),
    );
    edited.unwrap();
    let error = rebased.unwrap_err();
    assert!(matches!(error, Error::Stale { entity: "meal_planning::Draft", .. }), "{error}");
    assert_eq!(table.now().1, between);
}

#[test]
fn sixteen_that_rebase_and_commit_in_one_unit_do_not_deadlock() {
    let table = Table::new();
    let store = table.store();
    let users: Vec<UserId> =
        store.write(|uow| (0..16).map(|_| factory::user(uow)).collect()).unwrap();
    let drafts: Vec<Draft> = store
        .write(|uow| users.iter().map(|user| begin(uow, *user, table.plan)).collect())
        .unwrap();
    thread::scope(|scope| {
        for (draft, hour) in drafts.iter().zip(0..) {
            scope.spawn(move || {
                let mut attempts = 0;
                store
                    .write(|uow| {
                        attempts += 1;
                        let mut drafts = uow.meal_plan_drafts(draft.user_id);
                        let mut content = drafts.content(draft.draft_id)?;
                        content.meals.push(Meal::new(5, format!("at {hour}"), at(hour)));
                        let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
                        let rebased = drafts.rebase(draft.draft_id, revision)?;
                        assert!(!matches!(rebased, Rebased::Conflicts { .. }), "{rebased:?}");
                        commit(uow, draft.user_id, draft.draft_id)
                    })
                    .unwrap();
                assert_eq!(attempts, 1, "a deadlock has ended the first");
            });
        }
    });
    let active = "SELECT count(*) FROM meals_in_plan_versions m
                    JOIN active_plans a USING (plan_version_id) WHERE m.day = 5";
    assert_eq!(number(store, active), 16);
}
