//! Random operations of three users on a few plans, against a model in memory: after each one the
//! database holds what the model holds, and what it said or refused is what the model says.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

use chrono::NaiveTime;
use planwright::meal_planning::{
    ActiveAt, At, Begun, Cause, CommitOptions, Committed, Content, DraftId, DraftRepository,
    Effect, IMMUTABLE, Kept, Line, LineId, Meal, MealId, Message, PlanId, PrunePolicy, PruneScope,
    Rebased, Resolutions, Revision, Section, SectionId, Side, Version, VersionId, diff, merge,
    merge_with,
};
use planwright::verify::Immutability;
use planwright::{Error, Page, Result as Answer, Store, UserId};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::Kitchen;
use super::steps::{assert_sound, users};

/// One of a list, or one that is not in it.
type Pick = u8;

const PLAN: &str = "meal_planning::Plan";
const DRAFT: &str = "meal_planning::Draft";
const MEAL: &str = "meal_planning::Meal";
const LINE: &str = "meal_planning::Line";
const VERSION: &str = "meal_planning::Version";

const NAME_TAKEN: Refusal = Refusal::Constraint("active_plans_user_id_name_uq");
const LABEL_TAKEN: Refusal = Refusal::Constraint("plan_versions_plan_id_label_uq");

const NAMES: [&str; 3] = ["Week", "Summer", "Feast"];
const LABELS: [&str; 3] = ["first", "good", "clinic"];
const MEALS: u8 = 3;
const PLANS: usize = 3;

#[derive(Debug, Clone)]
enum Verb {
    Create { name: Pick },
    Begin,
    BeginFrom { version: Pick },
    Put { seed: u16 },
    Rename { name: Pick },
    AddMeal { meal: Pick, seed: u16 },
    MoveMeal { meal: Pick, day: i32 },
    RemoveMeal { meal: Pick },
    SetQuantity { line: Pick, grams: i32 },
    Commit { always: bool, over: bool, label: Option<Pick> },
    Cancel,
    Revert { version: Pick },
    Archive,
    Unarchive,
    Prune { keep: u32, days: u32 },
    Rebase { side: Option<bool> },
}

#[derive(Debug, Clone)]
struct Step {
    user: usize,
    plan: Pick,
    /// A change of a draft expects the revision before the one that there is.
    stale: bool,
    verb: Verb,
}

fn verb() -> impl Strategy<Value = Verb> {
    use Verb as V;
    let (pick, seed) = (any::<Pick>, any::<u16>);
    let seldom = || proptest::bool::weighted(0.15);
    prop_oneof![
        3 => pick().prop_map(|name| V::Create { name }),
        6 => Just(V::Begin),
        6 => pick().prop_map(|version| V::BeginFrom { version }),
        16 => seed().prop_map(|seed| V::Put { seed }),
        4 => pick().prop_map(|name| V::Rename { name }),
        5 => (pick(), seed()).prop_map(|(meal, seed)| V::AddMeal { meal, seed }),
        5 => (pick(), 0..2).prop_map(|(meal, day)| V::MoveMeal { meal, day }),
        4 => pick().prop_map(|meal| V::RemoveMeal { meal }),
        8 => (pick(), 1..4).prop_map(|(line, grams)| V::SetQuantity { line, grams }),
        30 => (seldom(), seldom(), proptest::option::weighted(0.25, pick()))
            .prop_map(|(always, over, label)| V::Commit { always, over, label }),
        4 => Just(V::Cancel),
        12 => pick().prop_map(|version| V::Revert { version }),
        1 => Just(V::Archive),
        7 => Just(V::Unarchive),
        7 => (0_u32..3, prop_oneof![4 => Just(0), 1 => Just(90)])
            .prop_map(|(keep, days)| V::Prune { keep, days }),
        14 => proptest::option::of(any::<bool>()).prop_map(|side| V::Rebase { side }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    (0_usize..3, any::<Pick>(), proptest::bool::weighted(0.04), verb())
        .prop_map(|(user, plan, stale, verb)| Step { user, plan, stale, verb })
}

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    NotFound(&'static str),
    Stale(&'static str),
    Conflict(&'static str),
    /// With so many problems.
    Unfit(usize),
    Constraint(&'static str),
}

impl Refusal {
    fn of(error: &Error) -> Self {
        match error {
            Error::NotFound { entity, .. } => Self::NotFound(entity),
            Error::Stale { entity, .. } => Self::Stale(entity),
            Error::Conflict { entity, .. } => Self::Conflict(entity),
            Error::Unfit { problems, .. } => Self::Unfit(problems.len()),
            error if refers_to(error, NAME_TAKEN) => NAME_TAKEN,
            error if refers_to(error, LABEL_TAKEN) => LABEL_TAKEN,
            other => panic!("{other:?}"),
        }
    }
}

fn refers_to(error: &Error, refusal: Refusal) -> bool {
    let Refusal::Constraint(name) = refusal else { return false };
    matches!(error, Error::Constraint { constraint, .. } if constraint == name)
}

type Expected<T> = Result<T, Refusal>;

/// What a plan should be.
#[derive(Debug)]
struct Plan {
    id: PlanId,
    owner: usize,
    created_as: String,
    name: String,
    is_archived: bool,
    versions: BTreeMap<i32, (Version, Content)>,
    pruned: BTreeMap<i32, VersionId>,
    active: Option<i32>,
    /// The number that became active, by whom, how and why.
    log: Vec<(i32, usize, Cause, String)>,
    drafts: [Option<Draft>; 3],
}

#[derive(Debug, Clone)]
struct Draft {
    id: DraftId,
    content: Content,
    base: Option<i32>,
    seen: i32,
    revision: Revision,
}

impl Plan {
    fn highest(&self) -> i32 {
        self.versions.keys().last().copied().unwrap_or_default()
    }

    fn id_of(&self, number: i32) -> VersionId {
        self.versions[&number].0.plan_version_id
    }

    fn active_content(&self) -> Option<&Content> {
        self.active.map(|number| &self.versions[&number].1)
    }

    /// The content of a version, or of a plan that was never committed.
    fn content_of(&self, number: Option<i32>) -> Content {
        match number {
            Some(number) => self.versions[&number].1.clone(),
            None => Content { name: self.created_as.clone(), meals: Vec::new() },
        }
    }

    /// Every version that the plan has or had, with its number where it is there.
    fn targets(&self) -> Vec<(VersionId, Option<i32>)> {
        let stored =
            self.versions.iter().map(|(number, (v, _))| (v.plan_version_id, Some(*number)));
        stored.chain(self.pruned.values().map(|id| (*id, None))).collect()
    }

    /// Why it stays, of all versions, the newest first.
    fn verdicts(&self, keep: u32, days: u32) -> Vec<(i32, Vec<Kept>)> {
        let is_base = |number| self.drafts.iter().flatten().any(|draft| draft.base == Some(number));
        let verdict = |(nth, (number, (version, _))): (usize, (&i32, &(Version, Content)))| {
            let is_active = self.active == Some(*number);
            let kept = [
                (nth == 0, Kept::Newest),
                (nth < keep as usize, Kept::Last),
                (version.label.is_some(), Kept::Labelled),
                (is_active, Kept::Active),
                (is_base(*number), Kept::BaseOfDraft),
                // Each was active when it was committed.
                (days > 0 || is_active, Kept::RecentlyActive),
            ];
            (*number, kept.into_iter().filter_map(|(stays, why)| stays.then_some(why)).collect())
        };
        self.versions.iter().rev().enumerate().map(verdict).collect()
    }
}

/// Meals stand in the order of their days.
fn in_order(mut content: Content) -> Content {
    content.meals.sort_by_key(|meal| meal.day);
    content
}

/// How many problems a commit would find.
fn problems(content: &Content) -> usize {
    let before = |nth: usize| content.meals[..nth].iter();
    let found = content.meals.iter().enumerate().map(|(nth, meal)| {
        let twin = |is: fn(&Meal, &Meal) -> bool| {
            before(nth).any(|other| other.day == meal.day && is(other, meal))
        };
        usize::from(twin(|a, b| a.meal_time == b.meal_time))
            + usize::from(twin(|a, b| a.name == b.name))
    });
    usize::from(content.meals.is_empty()) + found.sum::<usize>()
}

fn key(kind: u8, nth: u8) -> uuid::Uuid {
    uuid::Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(kind) * 256 + u128::from(nth),
    )
}

struct World<'a> {
    kitchen: &'a Kitchen,
    users: Vec<UserId>,
    plans: Vec<Plan>,
    outcomes: &'a RefCell<BTreeMap<String, usize>>,
}

impl World<'_> {
    fn store(&self) -> &Store {
        self.kitchen.store()
    }

    /// One of few meals, whose keys are always the same.
    fn meal(&self, nth: u8, seed: u16) -> Meal {
        let bit = |at: u16| i32::from(seed >> at & 1 == 1);
        // Two meals have one time or one name now and then.
        let hour = if seed.is_multiple_of(13) { 8 } else { 8 + u32::from(nth) };
        let called = if seed.is_multiple_of(17) { 0 } else { nth };
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let line = |of: u8| Line {
            id: LineId(key(2, 2 * nth + of)),
            ingredient_id: self.kitchen.ingredients[usize::from(of)],
            quantity_g: (1 + bit(8 + u16::from(nth))).into(),
        };
        let section =
            Section { id: SectionId(key(1, nth)), name: None, lines: vec![line(0), line(1)] };
        let day = bit(4 + u16::from(nth));
        Meal {
            id: MealId(key(0, nth)),
            sections: vec![section],
            ..Meal::new(day, format!("meal {called}"), time)
        }
    }

    fn count(&self, verb: &str, outcome: impl Debug) {
        let outcome =
            format!("{verb}: {outcome:?}").replace('"', "").replace("meal_planning::", "");
        *self.outcomes.borrow_mut().entry(outcome).or_default() += 1;
    }

    /// Both sides of an answer that is as it should be, where neither refuses.
    fn agree<T: Debug, E: Debug>(
        &self,
        verb: &str,
        answer: Answer<T>,
        expected: Expected<E>,
    ) -> Option<(T, E)> {
        match (answer, expected) {
            (Ok(answer), Ok(expected)) => Some((answer, expected)),
            (Err(error), Err(refusal)) => {
                assert_eq!(Refusal::of(&error), refusal, "{verb}: {error}");
                self.count(verb, refusal);
                None
            }
            (answer, expected) => panic!("{verb}: {answer:?}, where the model says {expected:?}"),
        }
    }

    /// Whether another plan of its owner has the name.
    fn is_taken(&self, owner: usize, name: &str, but: Option<PlanId>) -> bool {
        let mut others =
            self.plans.iter().filter(|plan| plan.owner == owner && Some(plan.id) != but);
        others.any(|plan| !plan.is_archived && plan.name == name)
    }

    fn new_name(&self, plan: usize, name: &str) -> Expected<()> {
        let Plan { owner, id, .. } = self.plans[plan];
        if self.is_taken(owner, name, Some(id)) { Err(NAME_TAKEN) } else { Ok(()) }
    }

    /// The draft that a change names, and what becomes of that.
    fn address(&self, step: &Step, plan: usize) -> (DraftId, Revision, Expected<Draft>) {
        let drafts = &self.plans[plan].drafts;
        match &drafts[step.user] {
            Some(draft) if step.stale => {
                (draft.id, Revision(draft.revision.0 - 1), Err(Refusal::Stale(DRAFT)))
            }
            Some(draft) => (draft.id, draft.revision, Ok(draft.clone())),
            // That of somebody else, if there is one.
            None => {
                let other = drafts.iter().flatten().next();
                let (id, revision) =
                    other.map_or((DraftId(0), Revision(1)), |d| (d.id, d.revision));
                (id, revision, Err(Refusal::NotFound(DRAFT)))
            }
        }
    }

    fn take(&mut self, step: &Step) {
        if self.plans.is_empty() && !matches!(step.verb, Verb::Create { .. }) {
            return self.take(&Step { verb: Verb::Create { name: 0 }, ..step.clone() });
        }
        let plan = usize::from(step.plan) % self.plans.len().max(1);
        // Most changes are of a draft that there is.
        let begins =
            matches!(step.verb, Verb::Create { .. } | Verb::Begin | Verb::BeginFrom { .. });
        if !begins && step.plan < 230 && self.plans[plan].drafts[step.user].is_none() {
            self.begin(step.user, plan);
        }
        // And most commits are of one that has meals.
        let draft = self.plans.get(plan).and_then(|plan| plan.drafts[step.user].as_ref());
        let is_empty = draft.is_some_and(|draft| draft.content.meals.is_empty());
        if is_empty && matches!(step.verb, Verb::Commit { .. }) && step.plan < 230 {
            let verb = Verb::Put { seed: u16::from(step.plan) * 256 + 5 };
            self.change(&Step { stale: false, verb, ..step.clone() }, plan);
        }
        match &step.verb {
            Verb::Create { name } => {
                self.create(step.user / 2, NAMES[usize::from(*name) % NAMES.len()]);
            }
            Verb::Begin => self.begin(step.user, plan),
            Verb::BeginFrom { version } => self.begin_from(step.user, plan, *version),
            Verb::Commit { always, over, label } => {
                self.commit(step, plan, (*always, *over), *label);
            }
            Verb::Cancel => self.cancel(step, plan),
            Verb::Revert { version } => self.revert(step.user, plan, *version),
            Verb::Archive => self.archive(plan, true),
            Verb::Unarchive => self.archive(plan, false),
            Verb::Prune { keep, days } => self.prune(step.user, plan, *keep, *days),
            Verb::Rebase { side } => self.rebase(step, plan, *side),
            _ => self.change(step, plan),
        }
        if !self.plans.is_empty() {
            self.compare(plan.min(self.plans.len() - 1));
        }
    }

    fn create(&mut self, user: usize, name: &str) {
        let taken = self.is_taken(user, name, None);
        if self.plans.len() == PLANS && !taken {
            return;
        }
        let answer = self.store().write(|uow| uow.meal_plans().create(self.users[user], name));
        let expected = if taken { Err(NAME_TAKEN) } else { Ok(()) };
        let Some(((plan, draft), ())) = self.agree("create", answer, expected) else { return };
        let mut created = Plan {
            id: plan.plan_id,
            owner: user,
            created_as: name.to_owned(),
            name: name.to_owned(),
            is_archived: false,
            versions: BTreeMap::new(),
            pruned: BTreeMap::new(),
            active: None,
            log: Vec::new(),
            drafts: [None, None, None],
        };
        created.drafts[user] = Some(Draft {
            id: draft.draft_id,
            content: created.content_of(None),
            base: None,
            seen: 0,
            revision: Revision(1),
        });
        self.plans.push(created);
    }

    fn begin(&mut self, user: usize, plan: usize) {
        let answer = self
            .store()
            .write(|uow| uow.meal_plan_drafts(self.users[user]).begin(self.plans[plan].id));
        let of = &self.plans[plan];
        let expected = match &of.drafts[user] {
            Some(draft) => Ok(Some(draft.id)),
            None if of.is_archived => Err(Refusal::Conflict(PLAN)),
            None => Ok(None),
        };
        match self.agree("begin", answer, expected) {
            Some((Begun::Resumed(draft), Some(id))) => {
                assert_eq!(draft.draft_id, id);
                self.count("begin", "resumed");
            }
            Some((Begun::Created(draft), None)) => {
                self.count("begin", "created");
                self.begun(user, plan, draft.draft_id, of.active);
            }
            None => {}
            other => panic!("{other:?}"),
        }
    }

    fn begun(&mut self, user: usize, plan: usize, id: DraftId, base: Option<i32>) {
        let plan = &mut self.plans[plan];
        let (content, seen) = (plan.content_of(base), plan.highest());
        plan.drafts[user] = Some(Draft { id, content, base, seen, revision: Revision(1) });
    }

    fn begin_from(&mut self, user: usize, plan: usize, version: Pick) {
        let (of, absent) = (&self.plans[plan], (VersionId(0), None));
        let targets = of.targets();
        let nth = usize::from(version) % (targets.len() + 1);
        let (id, number) = targets.get(nth).copied().unwrap_or(absent);
        let answer =
            self.store().write(|uow| uow.meal_plan_drafts(self.users[user]).begin_from(id));
        let expected = match number {
            None => Err(Refusal::NotFound(VERSION)),
            Some(_) if of.drafts[user].is_some() => Err(Refusal::Conflict(DRAFT)),
            Some(_) if of.is_archived => Err(Refusal::Conflict(PLAN)),
            Some(number) => Ok(number),
        };
        if let Some((draft, number)) = self.agree("begin_from", answer, expected) {
            self.count("begin_from", "created");
            self.begun(user, plan, draft.draft_id, Some(number));
        }
    }

    /// Everything that changes what is in a draft.
    fn change(&mut self, step: &Step, plan: usize) {
        let meal_id = |nth: &Pick| MealId(key(0, nth % (MEALS + 1)));
        match &step.verb {
            Verb::Put { seed } => {
                let of = &self.plans[plan];
                let name = of.drafts[step.user].as_ref().map_or(&of.name, |d| &d.content.name);
                let meals = (0..MEALS).filter(|nth| seed >> nth & 1 == 1);
                let meals = meals.map(|nth| self.meal(nth, *seed)).collect();
                let content = in_order(Content { name: name.clone(), meals });
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.put(id, revision, &content)
                };
                self.edit(step, plan, call, |_| Ok(content.clone()));
            }
            Verb::Rename { name } => {
                let name = NAMES[usize::from(*name) % NAMES.len()];
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.rename(id, revision, name)
                };
                self.edit(step, plan, call, |old| Ok(Content { name: name.to_owned(), ..old }));
            }
            Verb::AddMeal { meal, seed } => {
                let meal = self.meal(meal % MEALS, *seed);
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.add_meal(id, revision, &meal, At::End)
                };
                self.edit(step, plan, call, |mut content| {
                    if content.meals.iter().any(|other| other.id == meal.id) {
                        return Err(Refusal::Conflict(MEAL));
                    }
                    content.meals.push(meal.clone());
                    Ok(in_order(content))
                });
            }
            Verb::MoveMeal { meal, day } => {
                let meal = meal_id(meal);
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.move_meal(id, revision, meal, *day, At::Index(0))
                };
                self.edit(step, plan, call, |mut content| {
                    let mut meal = taken(&mut content, meal)?;
                    meal.day = *day;
                    content.meals.insert(0, meal);
                    Ok(in_order(content))
                });
            }
            Verb::RemoveMeal { meal } => {
                let meal = meal_id(meal);
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.remove_meal(id, revision, meal)
                };
                self.edit(step, plan, call, |mut content| {
                    taken(&mut content, meal)?;
                    Ok(content)
                });
            }
            Verb::SetQuantity { line, grams } => {
                let line = LineId(key(2, line % (2 * MEALS + 1)));
                let grams = (*grams).into();
                let call = |drafts: &mut DraftRepository<'_>, id, revision| {
                    drafts.set_quantity(id, revision, line, &grams)
                };
                self.edit(step, plan, call, |mut content| {
                    let sections = content.meals.iter_mut().flat_map(|meal| &mut meal.sections);
                    let mut lines = sections.flat_map(|section| &mut section.lines);
                    let found = lines.find(|own| own.id == line).ok_or(Refusal::NotFound(LINE))?;
                    found.quantity_g.clone_from(&grams);
                    Ok(content)
                });
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn edit(
        &mut self,
        step: &Step,
        plan: usize,
        call: impl Fn(&mut DraftRepository<'_>, DraftId, Revision) -> Answer<Revision>,
        expect: impl Fn(Content) -> Expected<Content>,
    ) {
        let (id, revision, draft) = self.address(step, plan);
        let user = self.users[step.user];
        let answer = self.store().write(|uow| call(&mut uow.meal_plan_drafts(user), id, revision));
        let expected =
            draft.and_then(|draft| Ok(Draft { content: expect(draft.content.clone())?, ..draft }));
        if let Some((revision, draft)) = self.agree("edit", answer, expected) {
            assert_eq!(revision.0, draft.revision.0 + 1);
            self.count("edit", "done");
            self.plans[plan].drafts[step.user] = Some(Draft { revision, ..draft });
        }
    }

    fn commit(
        &mut self,
        step: &Step,
        plan: usize,
        (always, over): (bool, bool),
        label: Option<Pick>,
    ) {
        let label = label.map(|nth| LABELS[usize::from(nth) % LABELS.len()]);
        let mut message = Message::new(format!("by {}", step.user));
        message.label = label.map(str::to_owned);
        let mut options = if always { CommitOptions::always() } else { CommitOptions::default() };
        if over {
            options = options.over();
        }
        let (id, revision, draft) = self.address(step, plan);
        let user = self.users[step.user];
        let answer = self.store().write(|uow| {
            let mut drafts = uow.meal_plan_drafts(user);
            match (always, over) {
                (false, false) => drafts.commit(id, revision, &message),
                (false, true) => drafts.commit_over(id, revision, &message),
                _ => drafts.commit_with(id, revision, &message, options),
            }
        });
        let of = &self.plans[plan];
        let expected = draft.and_then(|draft| {
            let problems = problems(&draft.content);
            let has_label = |(version, _): &(Version, Content)| version.label.as_deref() == label;
            if of.is_archived {
                Err(Refusal::Conflict(PLAN))
            } else if !always && of.active_content() == Some(&draft.content) {
                Ok((draft, of.active))
            } else if !over && of.highest() > draft.seen {
                Err(Refusal::Stale(PLAN))
            } else if problems > 0 {
                Err(Refusal::Unfit(problems))
            } else if label.is_some() && of.versions.values().any(has_label) {
                Err(LABEL_TAKEN)
            } else {
                self.new_name(plan, &draft.content.name).map(|()| (draft, None))
            }
        });
        match self.agree("commit", answer, expected) {
            Some((Committed::Unchanged { version }, (_, Some(number)))) => {
                assert_eq!(version, self.plans[plan].versions[&number].0);
                self.count("commit", "unchanged");
                self.plans[plan].drafts[step.user] = None;
            }
            Some((Committed::Version(version), (draft, None))) => {
                self.count("commit", "version");
                self.committed(step.user, plan, version, draft, message);
            }
            None => {}
            other => panic!("{other:?}"),
        }
    }

    fn committed(
        &mut self,
        user: usize,
        plan: usize,
        version: Version,
        draft: Draft,
        said: Message,
    ) {
        let author = self.users[user];
        let plan = &mut self.plans[plan];
        let number = plan.highest() + 1;
        assert_eq!((version.plan_id, version.version_number), (plan.id, number));
        assert_eq!(version.base_version_number, draft.base);
        assert_eq!(version.base_version_id, draft.base.map(|base| plan.id_of(base)));
        assert_eq!((version.author_id, &version.name), (author, &draft.content.name));
        assert_eq!((&version.message, &version.label), (&said.text, &said.label));
        for (other, content) in plan.versions.values() {
            let is_same = *content == draft.content;
            assert_eq!(other.content_digest == version.content_digest, is_same, "digests");
        }
        plan.drafts[user] = None;
        plan.name.clone_from(&version.name);
        plan.active = Some(number);
        plan.log.push((number, user, Cause::Commit, said.text));
        plan.versions.insert(number, (version, draft.content));
    }

    fn cancel(&mut self, step: &Step, plan: usize) {
        let (id, revision, draft) = self.address(step, plan);
        let user = self.users[step.user];
        let answer = self.store().write(|uow| uow.meal_plan_drafts(user).cancel(id, revision));
        if self.agree("cancel", answer, draft).is_some() {
            self.count("cancel", "done");
            self.plans[plan].drafts[step.user] = None;
        }
    }

    fn revert(&mut self, user: usize, plan: usize, version: Pick) {
        let of = &self.plans[plan];
        let known = |id| (id, Err(Refusal::Conflict(PLAN)));
        let others = self.plans.iter().filter(|other| other.id != of.id);
        let foreign = others.flat_map(|other| other.versions.values());
        let mut targets: Vec<(VersionId, Expected<i32>)> =
            of.versions.iter().map(|(number, (v, _))| (v.plan_version_id, Ok(*number))).collect();
        targets.extend(of.pruned.values().map(|id| (*id, Err(Refusal::Conflict(VERSION)))));
        targets.extend(foreign.take(1).map(|(v, _)| known(v.plan_version_id)));
        targets.push((VersionId(0), Err(Refusal::NotFound(VERSION))));
        let (id, target) = targets[usize::from(version) % targets.len()];
        let reason = format!("reverted by {user}");
        let answer =
            self.store().write(|uow| uow.meal_plans().revert(of.id, id, self.users[user], &reason));
        let expected = match target {
            _ if of.is_archived => Err(Refusal::Conflict(PLAN)),
            Ok(number) if of.active == Some(number) => Ok((number, Effect::Unchanged)),
            Ok(number) => {
                let name = &of.versions[&number].0.name;
                self.new_name(plan, name).map(|()| (number, Effect::Done))
            }
            Err(refusal) => Err(refusal),
        };
        let Some((effect, (number, expected))) = self.agree("revert", answer, expected) else {
            return;
        };
        assert_eq!(effect, expected);
        self.count("revert", effect);
        if effect == Effect::Done {
            let plan = &mut self.plans[plan];
            plan.name.clone_from(&plan.versions[&number].0.name);
            plan.active = Some(number);
            plan.log.push((number, user, Cause::Revert, reason));
        }
    }

    fn archive(&mut self, plan: usize, away: bool) {
        let of = &self.plans[plan];
        let answer = self.store().write(|uow| {
            let mut plans = uow.meal_plans();
            if away { plans.archive(of.id) } else { plans.unarchive(of.id) }
        });
        let expected = match (of.is_archived, away) {
            (true, false) => self.new_name(plan, &of.name).map(|()| Effect::Done),
            (is, will) => Ok(if is == will { Effect::Unchanged } else { Effect::Done }),
        };
        let verb = if away { "archive" } else { "unarchive" };
        if let Some((effect, expected)) = self.agree(verb, answer, expected) {
            assert_eq!(effect, expected);
            self.count(verb, effect);
            self.plans[plan].is_archived = away;
        }
    }

    fn prune(&mut self, user: usize, plan: usize, keep: u32, days: u32) {
        let (id, user) = (self.plans[plan].id, self.users[user]);
        let policy = PrunePolicy::keep_last(keep).active_within(days);
        let (would, report) = self
            .store()
            .write(|uow| {
                let mut versions = uow.meal_plan_versions();
                let would = versions.prune_dry_run(PruneScope::Plan(id), &policy)?;
                Ok((would, versions.prune(PruneScope::Plan(id), &policy, user, "Space")?))
            })
            .unwrap();
        assert_eq!(would, report);
        let said: Vec<_> =
            report.verdicts.iter().map(|v| (v.version_number, v.kept.clone())).collect();
        assert_eq!(said, self.plans[plan].verdicts(keep, days));
        for gone in report.gone() {
            self.count("prune", "gone");
            let plan = &mut self.plans[plan];
            let (version, _) = plan.versions.remove(&gone.version_number).unwrap();
            assert_eq!(version.plan_version_id, gone.plan_version_id);
            plan.pruned.insert(gone.version_number, version.plan_version_id);
        }
    }

    /// With a side, the conflicts are decided its way.
    fn rebase(&mut self, step: &Step, plan: usize, side: Option<bool>) {
        let (id, revision, draft) = self.address(step, plan);
        let user = self.users[step.user];
        let answer = self.store().write(|uow| uow.meal_plan_drafts(user).rebase(id, revision));
        let Some((rebased, draft)) = self.agree("rebase", answer, draft) else { return };
        let of = &self.plans[plan];
        let up_to_date = draft.base == of.active && draft.seen == of.highest();
        let (Some(active), false) = (of.active, up_to_date) else {
            assert_eq!(rebased, Rebased::UpToDate);
            return self.count("rebase", "up to date");
        };
        let (base, theirs) = (of.content_of(draft.base), of.content_of(Some(active)));
        let merged = merge(&base, &draft.content, &theirs);
        let (onto, highest) = (of.id_of(active), of.highest());
        if merged.conflicts.is_empty() {
            self.count("rebase", "done");
            return self.rebased(
                step.user,
                plan,
                &draft,
                merged.content,
                rebased,
                (active, highest),
            );
        }
        self.count("rebase", "conflicts");
        assert_eq!(rebased, Rebased::Conflicts { onto, conflicts: merged.conflicts.clone() });
        let Some(mine) = side else { return };
        let side = if mine { Side::Mine } else { Side::Theirs };
        let answers = Resolutions::all(&merged.conflicts, side);
        let rebased = self
            .store()
            .write(|uow| uow.meal_plan_drafts(user).rebase_with(id, revision, onto, &answers));
        let merged = merge_with(&base, &draft.content, &theirs, &answers);
        if merged.conflicts.is_empty() {
            self.count("rebase", "answered");
            self.rebased(
                step.user,
                plan,
                &draft,
                merged.content,
                rebased.unwrap(),
                (active, highest),
            );
        } else {
            let conflicts = Rebased::Conflicts { onto, conflicts: merged.conflicts };
            assert_eq!(rebased.unwrap(), conflicts);
        }
    }

    fn rebased(
        &mut self,
        user: usize,
        plan: usize,
        mine: &Draft,
        merged: Content,
        rebased: Rebased,
        (active, seen): (i32, i32),
    ) {
        let plan = &mut self.plans[plan];
        let merged = in_order(merged);
        let revision = Revision(mine.revision.0 + 1);
        let onto = plan.id_of(active);
        assert_eq!(
            rebased,
            Rebased::Done { revision, onto, brought: diff(&mine.content, &merged) }
        );
        plan.drafts[user] =
            Some(Draft { id: mine.id, content: merged, base: Some(active), seen, revision });
    }

    /// All plans and drafts as they are listed, and all of one plan but what its versions consist of.
    fn compare(&self, touched: usize) {
        let read = self.store().read(|uow| {
            for plan in &self.plans {
                let stored = uow.meal_plans().get(plan.id)?;
                assert_eq!((stored.user_id, &stored.name), (self.users[plan.owner], &plan.name));
                assert_eq!(stored.plan_version_id, plan.active.map(|active| plan.id_of(active)));
                assert_eq!(stored.archived_at.is_some(), plan.is_archived);
            }
            for (nth, user) in self.users.iter().enumerate() {
                let drafts = uow.meal_plan_drafts(*user).list(Page::first(10))?.items;
                let mut drafts: Vec<_> = drafts
                    .iter()
                    .map(|d| {
                        (
                            d.plan_id,
                            d.draft_id,
                            d.name.clone(),
                            d.base_version_id,
                            d.seen_version_number,
                            d.revision,
                        )
                    })
                    .collect();
                drafts.sort();
                let own = |plan: &Plan| {
                    let d = plan.drafts[nth].as_ref()?;
                    let base = d.base.map(|base| plan.id_of(base));
                    Some((plan.id, d.id, d.content.name.clone(), base, d.seen, d.revision))
                };
                assert_eq!(drafts, self.plans.iter().filter_map(own).collect::<Vec<_>>());
            }
            let plan = &self.plans[touched];
            let history = uow.meal_plan_versions().history(plan.id, Page::first(1_000))?.items;
            assert_eq!(history.len(), plan.versions.len());
            for (entry, (number, (version, content))) in
                history.iter().zip(plan.versions.iter().rev())
            {
                assert_eq!(
                    (&entry.version, entry.is_active),
                    (version, plan.active == Some(*number))
                );
                assert_eq!(entry.meals as usize, content.meals.len());
            }
            let log = uow.meal_plans().activations(plan.id, Page::first(1_000))?.items;
            assert!(log.windows(2).all(|pair| pair[0].activated_at > pair[1].activated_at));
            let log = log.into_iter().rev();
            let log: Vec<_> =
                log.map(|a| (a.version_number, a.activated_by, a.cause, a.reason)).collect();
            let mine = plan.log.iter();
            let mine: Vec<_> = mine
                .map(|(n, user, cause, why)| (*n, self.users[*user], *cause, why.clone()))
                .collect();
            assert_eq!(log, mine);
            for (user, draft) in self.users.iter().zip(&plan.drafts) {
                let Some(draft) = draft else { continue };
                assert_eq!(uow.meal_plan_drafts(*user).content(draft.id)?, draft.content);
            }
            Ok(())
        });
        read.unwrap();
    }

    /// What every version consists of, and what was active when.
    fn compare_versions(&self) {
        let read = self.store().read(|uow| {
            for plan in &self.plans {
                for (version, content) in plan.versions.values() {
                    let id = version.plan_version_id;
                    assert_eq!(uow.meal_plan_versions().content(id)?, *content);
                }
                let log = uow.meal_plans().activations(plan.id, Page::first(1_000))?.items;
                for activation in log {
                    let number = activation.version_number;
                    match uow.meal_plans().active_at(plan.id, activation.activated_at)? {
                        Some(ActiveAt::Version(version)) => {
                            assert_eq!(version, plan.versions[&number].0);
                        }
                        Some(ActiveAt::Pruned { plan_version_id, .. }) => {
                            assert_eq!(plan_version_id, plan.pruned[&number]);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            Ok(())
        });
        read.unwrap();
        for touched in 0..self.plans.len() {
            self.compare(touched);
        }
    }
}

fn taken(content: &mut Content, meal: MealId) -> Expected<Meal> {
    let place =
        content.meals.iter().position(|own| own.id == meal).ok_or(Refusal::NotFound(MEAL))?;
    Ok(content.meals.remove(place))
}

#[test]
fn any_operations_of_three_users_leave_what_the_model_says() {
    let kitchen = Kitchen::new();
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/meal_planning/model.regressions");
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let (outcomes, steps) = (RefCell::default(), std::cell::Cell::new(0));
    let result =
        TestRunner::new(config).run(&proptest::collection::vec(step(), 60..220), |sequence| {
            // Versions stay for ever, so each sequence has its own users and plans.
            let users = users(kitchen.store(), 3);
            let mut world =
                World { kitchen: &kitchen, users, plans: Vec::new(), outcomes: &outcomes };
            for step in &sequence {
                world.take(step);
            }
            world.compare_versions();
            steps.set(steps.get() + sequence.len());
            Ok(())
        });
    result.unwrap();
    let outcomes = outcomes.into_inner();
    println!("{} steps: {outcomes:#?}", steps.get());
    assert!(steps.get() >= 900);
    for outcome in OUTCOMES {
        assert!(outcomes.contains_key(outcome), "{outcome} never came");
    }
    assert_sound(kitchen.store());
    let report = Immutability::of(IMMUTABLE).run(kitchen.store()).unwrap();
    assert!(report.is_sound(), "{report}");
}

/// What a run must have come upon, or it shows too little.
const OUTCOMES: [&str; 24] = [
    "begin: Conflict(Plan)",
    "begin: created",
    "begin: resumed",
    "begin_from: Conflict(Draft)",
    "begin_from: NotFound(Version)",
    "begin_from: created",
    "cancel: done",
    "commit: Conflict(Plan)",
    "commit: NotFound(Draft)",
    "commit: Stale(Plan)",
    "commit: unchanged",
    "commit: version",
    "edit: Conflict(Meal)",
    "edit: NotFound(Draft)",
    "edit: NotFound(Line)",
    "edit: Stale(Draft)",
    "edit: done",
    "prune: gone",
    "rebase: conflicts",
    "rebase: done",
    "rebase: up to date",
    "revert: Conflict(Plan)",
    "revert: Done",
    "revert: Unchanged",
];
