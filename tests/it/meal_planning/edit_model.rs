//! Random edits of a draft, against a model in memory: after each one the draft holds what the model
//! holds, at one revision more, or is as it was.

use chrono::NaiveTime;
use planwright::meal_planning::{
    At, Content, DraftId, DraftRepository, Line, LineId, Meal, MealId, Revision, Section, SectionId,
};
use planwright::{Error, Result as Answer, UserId};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::Kitchen;
use crate::support::number;

/// A thing of the draft, or one that is not there.
type Pick = u8;

#[derive(Debug, Clone)]
enum Edit {
    Rename,
    AddMeal { day: i32, sections: u8, at: Pick },
    AddMealAgain(Pick),
    UpdateMeal(Pick),
    MoveMeal { meal: Pick, day: i32, at: Pick },
    RemoveMeal(Pick),
    ReorderMeals { day: i32, turn: Pick, whole: bool },
    PutMeals { meals: Vec<(Pick, i32, Pick)>, steal: Option<Pick> },
    AddSection { meal: Pick, lines: u8, at: Pick },
    UpdateSection { section: Pick, named: bool },
    MoveSection { section: Pick, meal: Pick, at: Pick },
    RemoveSection(Pick),
    ReorderSections { meal: Pick, turn: Pick, whole: bool },
    AddLine { section: Pick, at: Pick },
    AddLineAgain { section: Pick, line: Pick },
    SetQuantity(Pick),
    UpdateLine(Pick),
    MoveLine { line: Pick, section: Pick, at: Pick },
    RemoveLine(Pick),
    ReorderLines { section: Pick, turn: Pick, whole: bool },
}

fn edit() -> impl Strategy<Value = Edit> {
    use Edit as E;
    let any = any::<Pick>;
    let day = || 0_i32..3;
    let whole = || proptest::bool::weighted(0.8);
    let put = (any(), day(), any());
    prop_oneof![
        1 => Just(E::Rename),
        4 => (day(), 0_u8..3, any()).prop_map(|(day, sections, at)| E::AddMeal { day, sections, at }),
        1 => any().prop_map(E::AddMealAgain),
        1 => any().prop_map(E::UpdateMeal),
        4 => (any(), day(), any()).prop_map(|(meal, day, at)| E::MoveMeal { meal, day, at }),
        1 => any().prop_map(E::RemoveMeal),
        2 => (day(), any(), whole())
            .prop_map(|(day, turn, whole)| E::ReorderMeals { day, turn, whole }),
        4 => (proptest::collection::vec(put, 0..4), proptest::option::of(any()))
            .prop_map(|(meals, steal)| E::PutMeals { meals, steal }),
        4 => (any(), 0_u8..4, any()).prop_map(|(meal, lines, at)| E::AddSection { meal, lines, at }),
        1 => (any(), proptest::bool::ANY)
            .prop_map(|(section, named)| E::UpdateSection { section, named }),
        4 => (any(), any(), any())
            .prop_map(|(section, meal, at)| E::MoveSection { section, meal, at }),
        1 => any().prop_map(E::RemoveSection),
        2 => (any(), any(), whole())
            .prop_map(|(meal, turn, whole)| E::ReorderSections { meal, turn, whole }),
        4 => (any(), any()).prop_map(|(section, at)| E::AddLine { section, at }),
        1 => (any(), any()).prop_map(|(section, line)| E::AddLineAgain { section, line }),
        1 => any().prop_map(E::SetQuantity),
        1 => any().prop_map(E::UpdateLine),
        4 => (any(), any(), any()).prop_map(|(line, section, at)| E::MoveLine { line, section, at }),
        1 => any().prop_map(E::RemoveLine),
        2 => (any(), any(), whole())
            .prop_map(|(section, turn, whole)| E::ReorderLines { section, turn, whole }),
    ]
}

/// 0 to 5, or the end.
fn at(pick: Pick) -> At {
    if pick % 7 == 6 { At::End } else { At::Index((pick % 7).into()) }
}

fn insert<T>(list: &mut Vec<T>, at: At, thing: T) {
    let place = match at {
        At::End => list.len(),
        At::Index(nth) => nth.min(list.len()),
    };
    list.insert(place, thing);
}

/// The things of a list, and one that is not in it.
fn pick<K: Copy>(keys: &[K], pick: Pick, other: impl Fn() -> K) -> K {
    keys.get(usize::from(pick) % (keys.len() + 1)).copied().unwrap_or_else(other)
}

/// What the draft should hold.
#[derive(Debug, Clone)]
struct Model(Content);

/// Why an edit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    NotFound,
    Conflict,
}

type Done = Result<(), Refused>;

impl Model {
    fn meal_ids(&self) -> Vec<MealId> {
        self.0.meals.iter().map(|meal| meal.id).collect()
    }

    fn section_ids(&self) -> Vec<SectionId> {
        self.0
            .meals
            .iter()
            .flat_map(|meal| meal.sections.iter().map(|section| section.id))
            .collect()
    }

    fn line_ids(&self) -> Vec<LineId> {
        let sections = self.0.meals.iter().flat_map(|meal| &meal.sections);
        sections.flat_map(|section| section.lines.iter().map(|line| line.id)).collect()
    }

    fn meal(&mut self, id: MealId) -> Result<&mut Meal, Refused> {
        self.0.meals.iter_mut().find(|meal| meal.id == id).ok_or(Refused::NotFound)
    }

    fn section(&mut self, id: SectionId) -> Result<&mut Section, Refused> {
        let mut sections = self.0.meals.iter_mut().flat_map(|meal| &mut meal.sections);
        sections.find(|section| section.id == id).ok_or(Refused::NotFound)
    }

    fn line(&mut self, id: LineId) -> Result<&mut Line, Refused> {
        let sections = self.0.meals.iter_mut().flat_map(|meal| &mut meal.sections);
        let mut lines = sections.flat_map(|section| &mut section.lines);
        lines.find(|line| line.id == id).ok_or(Refused::NotFound)
    }

    fn take_meal(&mut self, id: MealId) -> Result<Meal, Refused> {
        let place = self.0.meals.iter().position(|meal| meal.id == id).ok_or(Refused::NotFound)?;
        Ok(self.0.meals.remove(place))
    }

    fn take_section(&mut self, id: SectionId) -> Result<Section, Refused> {
        for meal in &mut self.0.meals {
            if let Some(place) = meal.sections.iter().position(|section| section.id == id) {
                return Ok(meal.sections.remove(place));
            }
        }
        Err(Refused::NotFound)
    }

    fn take_line(&mut self, id: LineId) -> Result<Line, Refused> {
        for section in self.0.meals.iter_mut().flat_map(|meal| &mut meal.sections) {
            if let Some(place) = section.lines.iter().position(|line| line.id == id) {
                return Ok(section.lines.remove(place));
            }
        }
        Err(Refused::NotFound)
    }

    fn put_meal_at(&mut self, meal: Meal, at: At) {
        let mut days: Vec<Vec<Meal>> = (0..3).map(|_| Vec::new()).collect();
        for other in self.0.meals.drain(..) {
            days[other.day as usize].push(other);
        }
        insert(&mut days[meal.day as usize], at, meal);
        self.0.meals = days.into_iter().flatten().collect();
    }

    fn put_meals(&mut self, meals: &[Meal]) -> Done {
        let put: Vec<MealId> = meals.iter().map(|meal| meal.id).collect();
        let mut others = self.clone();
        others.0.meals.retain(|meal| !put.contains(&meal.id));
        let (sections, lines) = (others.section_ids(), others.line_ids());
        for section in meals.iter().flat_map(|meal| &meal.sections) {
            let taken = section.lines.iter().any(|line| lines.contains(&line.id));
            if taken || sections.contains(&section.id) {
                return Err(Refused::Conflict);
            }
        }
        let stays =
            |meal: &Meal| self.0.meals.iter().any(|own| own.id == meal.id && own.day == meal.day);
        let (stay, come): (Vec<Meal>, Vec<Meal>) = meals.iter().cloned().partition(stays);
        for meal in stay {
            let own = self.meal(meal.id)?;
            *own = meal;
        }
        self.0.meals.retain(|meal| come.iter().all(|other| other.id != meal.id));
        for meal in come {
            self.put_meal_at(meal, At::End);
        }
        Ok(())
    }
}

/// The order with some turned to the end, and perhaps with one of them left out.
fn turned<K: Copy>(mut keys: Vec<K>, turn: Pick, whole: bool) -> Vec<K> {
    let turn = usize::from(turn) % keys.len().max(1);
    keys.rotate_left(turn);
    if !whole {
        keys.pop();
    }
    keys
}

struct World<'a> {
    kitchen: &'a Kitchen,
    model: Model,
    drafts: [(UserId, DraftId); 2],
    revision: Revision,
    /// How many things had a new name or quantity.
    fresh: i32,
    /// The steps that were done, those without a target, and those that contradict the draft.
    outcomes: [usize; 3],
}

impl World<'_> {
    fn fresh(&mut self) -> i32 {
        self.fresh += 1;
        self.fresh
    }

    fn new_line(&mut self) -> Line {
        let nth = self.fresh();
        Line::new(self.kitchen.ingredients[nth as usize % 12], nth)
    }

    fn new_section(&mut self, lines: u8) -> Section {
        let mut section = Section::named(format!("section {}", self.fresh()));
        section.lines = (0..lines).map(|_| self.new_line()).collect();
        section
    }

    fn new_meal(&mut self, day: i32, sections: u8) -> Meal {
        let nth = self.fresh();
        let time = NaiveTime::from_num_seconds_from_midnight_opt(nth as u32, 0).unwrap();
        let mut meal = Meal::new(day, format!("meal {nth}"), time);
        meal.sections = (0..sections).map(|nth| self.new_section(nth + 1)).collect();
        meal
    }

    fn meal(&self, nth: Pick) -> MealId {
        pick(&self.model.meal_ids(), nth, MealId::new)
    }

    fn section(&self, nth: Pick) -> SectionId {
        pick(&self.model.section_ids(), nth, SectionId::new)
    }

    fn line(&self, nth: Pick) -> LineId {
        pick(&self.model.line_ids(), nth, LineId::new)
    }

    /// Runs `call` with the right revision, and `expect` on the model.
    fn step(
        &mut self,
        call: impl Fn(&mut DraftRepository<'_>, DraftId, Revision) -> Answer<Revision>,
        expect: impl Fn(&mut Model) -> Done,
    ) {
        let (user, draft) = self.drafts[0];
        let (stranger, _) = self.drafts[1];
        let (next, before) = (Revision(self.revision.0 + 1), Revision(self.revision.0 - 1));
        let mut model = self.model.clone();
        let expected = expect(&mut model);
        let done = self.kitchen.store().write(|uow| {
            // These change nothing, and the unit goes on.
            for wrong in [before, next] {
                let stale = call(&mut uow.meal_plan_drafts(user), draft, wrong).unwrap_err();
                assert!(matches!(stale, Error::Stale { .. }), "{stale}");
            }
            let foreign = call(&mut uow.meal_plan_drafts(stranger), draft, self.revision);
            assert!(
                matches!(&foreign, Err(Error::NotFound { entity: "meal_planning::Draft", .. })),
                "{foreign:?}"
            );
            Ok(call(&mut uow.meal_plan_drafts(user), draft, self.revision))
        });
        match (done.unwrap(), expected) {
            (Ok(revision), Ok(())) => {
                assert_eq!(revision, next);
                (self.model, self.revision) = (model, revision);
                self.outcomes[0] += 1;
            }
            (Err(Error::NotFound { entity, .. }), Err(Refused::NotFound)) => {
                assert_ne!(entity, "meal_planning::Draft");
                self.outcomes[1] += 1;
            }
            (Err(Error::Conflict { .. }), Err(Refused::Conflict)) => self.outcomes[2] += 1,
            (done, expected) => panic!("{done:?}, where the model says {expected:?}"),
        }
        let stored = self.kitchen.store().read(|uow| {
            let mut drafts = uow.meal_plan_drafts(user);
            Ok((drafts.content(draft)?, drafts.get(draft)?.revision))
        });
        assert_eq!(stored.unwrap(), (self.model.0.clone(), self.revision));
    }

    #[allow(clippy::too_many_lines)] // one arm for each verb
    fn take(&mut self, edit: &Edit) {
        match *edit {
            Edit::Rename => {
                let name = format!("plan {}", self.fresh());
                self.step(
                    |drafts, id, revision| drafts.rename(id, revision, &name),
                    |model| {
                        model.0.name.clone_from(&name);
                        Ok(())
                    },
                );
            }
            Edit::AddMeal { day, sections, at: place } => {
                let meal = self.new_meal(day, sections);
                self.step(
                    |drafts, id, revision| drafts.add_meal(id, revision, &meal, at(place)),
                    |model| {
                        model.put_meal_at(meal.clone(), at(place));
                        Ok(())
                    },
                );
            }
            Edit::AddMealAgain(nth) => {
                let Some(meal) = self.model.0.meals.get(usize::from(nth) % 5).cloned() else {
                    return;
                };
                self.step(
                    |drafts, id, revision| drafts.add_meal(id, revision, &meal, At::End),
                    |_| Err(Refused::Conflict),
                );
                // The same meal under another key.
                if !meal.sections.is_empty() {
                    let meal = Meal { id: MealId::new(), ..meal };
                    self.step(
                        |drafts, id, revision| drafts.add_meal(id, revision, &meal, At::End),
                        |_| Err(Refused::Conflict),
                    );
                }
            }
            Edit::UpdateMeal(nth) => {
                let (meal, new) = (self.meal(nth), self.new_meal(0, 0));
                self.step(
                    |drafts, id, revision| {
                        drafts.update_meal(id, revision, meal, &new.name, new.meal_time)
                    },
                    |model| {
                        let meal = model.meal(meal)?;
                        (meal.name, meal.meal_time) = (new.name.clone(), new.meal_time);
                        Ok(())
                    },
                );
            }
            Edit::MoveMeal { meal, day, at: place } => {
                let meal = self.meal(meal);
                self.step(
                    |drafts, id, revision| drafts.move_meal(id, revision, meal, day, at(place)),
                    |model| {
                        let meal = Meal { day, ..model.take_meal(meal)? };
                        model.put_meal_at(meal, at(place));
                        Ok(())
                    },
                );
            }
            Edit::RemoveMeal(nth) => {
                let meal = self.meal(nth);
                self.step(
                    |drafts, id, revision| drafts.remove_meal(id, revision, meal),
                    |model| model.take_meal(meal).map(drop),
                );
            }
            Edit::ReorderMeals { day, turn, whole } => {
                let own = self.model.0.meals.iter().filter(|meal| meal.day == day);
                let own: Vec<MealId> = own.map(|meal| meal.id).collect();
                let order = turned(own.clone(), turn, whole);
                self.step(
                    |drafts, id, revision| drafts.reorder_meals(id, revision, day, &order),
                    |model| {
                        if order.len() < own.len() {
                            return Err(Refused::Conflict);
                        }
                        for meal in &order {
                            let meal = model.take_meal(*meal)?;
                            model.put_meal_at(meal, At::End);
                        }
                        Ok(())
                    },
                );
            }
            Edit::PutMeals { ref meals, steal } => self.put_meals(meals, steal),
            Edit::AddSection { meal, lines, at: place } => {
                let (meal, section) = (self.meal(meal), self.new_section(lines));
                self.step(
                    |drafts, id, revision| {
                        drafts.add_section(id, revision, meal, &section, at(place))
                    },
                    |model| {
                        insert(&mut model.meal(meal)?.sections, at(place), section.clone());
                        Ok(())
                    },
                );
            }
            Edit::UpdateSection { section, named } => {
                let section = self.section(section);
                let name = named.then(|| format!("section {}", self.fresh()));
                self.step(
                    |drafts, id, revision| {
                        drafts.update_section(id, revision, section, name.as_deref())
                    },
                    |model| {
                        model.section(section)?.name.clone_from(&name);
                        Ok(())
                    },
                );
            }
            Edit::MoveSection { section, meal, at: place } => {
                let (section, meal) = (self.section(section), self.meal(meal));
                self.step(
                    |drafts, id, revision| {
                        drafts.move_section(id, revision, section, meal, at(place))
                    },
                    |model| {
                        let section = model.take_section(section)?;
                        insert(&mut model.meal(meal)?.sections, at(place), section);
                        Ok(())
                    },
                );
            }
            Edit::RemoveSection(nth) => {
                let section = self.section(nth);
                self.step(
                    |drafts, id, revision| drafts.remove_section(id, revision, section),
                    |model| model.take_section(section).map(drop),
                );
            }
            Edit::ReorderSections { meal, turn, whole } => {
                let meal = self.meal(meal);
                let own = self.model.meal(meal).map(|meal| meal.sections.clone());
                let own: Vec<_> =
                    own.unwrap_or_default().iter().map(|section| section.id).collect();
                let order = turned(own.clone(), turn, whole);
                self.step(
                    |drafts, id, revision| drafts.reorder_sections(id, revision, meal, &order),
                    |model| {
                        let meal = model.meal(meal)?;
                        if order.len() < own.len() {
                            return Err(Refused::Conflict);
                        }
                        meal.sections.sort_by_key(|own| order.iter().position(|id| *id == own.id));
                        Ok(())
                    },
                );
            }
            Edit::AddLine { section, at: place } => {
                let (section, line) = (self.section(section), self.new_line());
                self.step(
                    |drafts, id, revision| drafts.add_line(id, revision, section, &line, at(place)),
                    |model| {
                        insert(&mut model.section(section)?.lines, at(place), line.clone());
                        Ok(())
                    },
                );
            }
            Edit::AddLineAgain { section, line } => {
                let (section, line) = (self.section(section), self.line(line));
                let Ok(line) = self.model.line(line).cloned() else { return };
                let expect = |model: &mut Model| {
                    model.section(section)?;
                    Err(Refused::Conflict)
                };
                self.step(
                    |drafts, id, revision| drafts.add_line(id, revision, section, &line, At::End),
                    expect,
                );
            }
            Edit::SetQuantity(nth) => {
                let (line, quantity) = (self.line(nth), self.fresh().into());
                self.step(
                    |drafts, id, revision| drafts.set_quantity(id, revision, line, &quantity),
                    |model| {
                        model.line(line)?.quantity_g.clone_from(&quantity);
                        Ok(())
                    },
                );
            }
            Edit::UpdateLine(nth) => {
                let (line, new) = (self.line(nth), self.new_line());
                self.step(
                    |drafts, id, revision| {
                        drafts.update_line(id, revision, line, new.ingredient_id, &new.quantity_g)
                    },
                    |model| {
                        let line = model.line(line)?;
                        *line = Line { id: line.id, ..new.clone() };
                        Ok(())
                    },
                );
            }
            Edit::MoveLine { line, section, at: place } => {
                let (line, section) = (self.line(line), self.section(section));
                self.step(
                    |drafts, id, revision| drafts.move_line(id, revision, line, section, at(place)),
                    |model| {
                        let line = model.take_line(line)?;
                        insert(&mut model.section(section)?.lines, at(place), line);
                        Ok(())
                    },
                );
            }
            Edit::RemoveLine(nth) => {
                let line = self.line(nth);
                self.step(
                    |drafts, id, revision| drafts.remove_line(id, revision, line),
                    |model| model.take_line(line).map(drop),
                );
            }
            Edit::ReorderLines { section, turn, whole } => {
                let section = self.section(section);
                let own = self.model.section(section).map(|section| section.lines.clone());
                let own: Vec<_> = own.unwrap_or_default().iter().map(|line| line.id).collect();
                let order = turned(own.clone(), turn, whole);
                self.step(
                    |drafts, id, revision| drafts.reorder_lines(id, revision, section, &order),
                    |model| {
                        let section = model.section(section)?;
                        if order.len() < own.len() {
                            return Err(Refused::Conflict);
                        }
                        section.lines.sort_by_key(|own| order.iter().position(|id| *id == own.id));
                        Ok(())
                    },
                );
            }
        }
    }

    /// Copies of meals, changed, and new ones; with a section of some meal, which may be none of
    /// these.
    fn put_meals(&mut self, picks: &[(Pick, i32, Pick)], steal: Option<Pick>) {
        let mut meals: Vec<Meal> = Vec::new();
        for (nth, day, change) in picks {
            let mut meal = match self.model.clone().meal(self.meal(*nth)) {
                Ok(own) => own.clone(),
                Err(_) => self.new_meal(*day, change % 3),
            };
            if meals.iter().any(|other| other.id == meal.id) {
                continue;
            }
            if change % 2 == 0 {
                meal.day = *day;
            }
            if change % 3 == 0 {
                meal.sections.pop();
            }
            if change % 5 == 0 {
                meal.sections.reverse();
                meal.sections.push(self.new_section(2));
            }
            if let (Some(section), 0) = (meal.sections.first_mut(), change % 4) {
                section.lines.reverse();
                section.lines.pop();
                section.name = None;
            }
            meals.push(meal);
        }
        if let (Some(nth), Some(_)) = (steal, meals.first()) {
            let id = self.section(nth);
            if let Ok(section) = self.model.clone().section(id) {
                for meal in &mut meals {
                    meal.sections.retain(|own| own.id != id);
                }
                // Lines of it may have gone to another one before.
                if nth % 2 == 0 {
                    section.lines.clear();
                }
                meals[0].sections.insert(0, section.clone());
            }
        }
        self.step(
            |drafts, id, revision| match &meals[..] {
                [meal] => drafts.put_meal(id, revision, meal),
                meals => drafts.put_meals(id, revision, meals),
            },
            |model| model.put_meals(&meals),
        );
    }
}

/// Places that are not 0, 1, 2, … under their parent. That they differ, the tables see to.
const GAPS: &str = "(SELECT count(*) FROM (
    SELECT 1 FROM draft_meals GROUP BY draft_id, day HAVING max(position) + 1 <> count(*)
    UNION ALL
    SELECT 1 FROM draft_meal_sections GROUP BY draft_id, meal_id HAVING max(position) + 1 <> count(*)
    UNION ALL
    SELECT 1 FROM draft_ingredients GROUP BY draft_id, section_id
    HAVING max(position) + 1 <> count(*)) gaps)";

#[test]
fn any_edits_leave_what_the_model_says() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    // The same draft of somebody else, which no edit changes.
    let (stranger, other) = store
        .write(|uow| {
            let stranger = planwright::meal_planning::factory::user(uow)?;
            let begun = uow.meal_plan_drafts(stranger).begin(kitchen.plan.plan_id)?;
            Ok((stranger, begun.into_draft()))
        })
        .unwrap();
    let theirs = kitchen.content([2, 2, 2, 2]);
    store
        .write(|uow| uow.meal_plan_drafts(stranger).put(other.draft_id, other.revision, &theirs))
        .unwrap();

    let seeds =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/meal_planning/edit_model.regressions");
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    };
    let steps = std::cell::Cell::new([0; 3]);
    let done = std::cell::RefCell::new(std::collections::HashSet::new());
    TestRunner::new(config)
        .run(&proptest::collection::vec(edit(), 20..60), |edits| {
            let id = kitchen.draft.draft_id;
            let start = kitchen.content([2, 2, 2, 2]);
            let revision = store.write(|uow| {
                let mut drafts = uow.meal_plan_drafts(kitchen.user);
                let revision = drafts.get(id)?.revision;
                drafts.put(id, revision, &start)
            });
            let mut world = World {
                kitchen: &kitchen,
                model: Model(start),
                drafts: [(kitchen.user, id), (stranger, other.draft_id)],
                revision: revision.unwrap(),
                fresh: 0,
                outcomes: [0; 3],
            };
            for edit in &edits {
                let before = world.outcomes[0];
                world.take(edit);
                if world.outcomes[0] > before {
                    done.borrow_mut().insert(std::mem::discriminant(edit));
                }
                assert_eq!(number(store, GAPS), 0, "{edit:?}");
            }
            steps.set(std::array::from_fn(|nth| steps.get()[nth] + world.outcomes[nth]));
            Ok(())
        })
        .unwrap();
    // Each verb, but for the two that add what is there.
    assert_eq!(done.borrow().len(), 18);
    let [done, missing, contradicting] = steps.get();
    println!("{done} edits, {missing} without target, {contradicting} that contradict the draft");
    assert!(done >= 200 && missing >= 10 && contradicting >= 10);
    let left = store.read(|uow| uow.meal_plan_drafts(stranger).content(other.draft_id)).unwrap();
    assert_eq!(left, theirs);
}
