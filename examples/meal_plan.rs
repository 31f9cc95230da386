//! Tells the story of a meal plan that two people write: `cargo run --example meal_plan`.
//!
//! On the database that `DATABASE_URL` names, else on a private server that is gone afterwards. Each
//! run has two new users and a plan of theirs; the ingredients are there from the second run on.
//! Where those come from: `examples/data/README.md`.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Write};

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use planwright::local_server::Database;
use planwright::meal_planning::{
    ActiveAt, At, Draft, DraftRepository, IngredientId, IngredientOutcome, Line, Meal, Message,
    NewIngredient, PlanId, PrunePolicy, PruneScope, Rebased, Section, Total,
};
use planwright::migrate::Migrator;
use planwright::{Context, Page, Store, StoreOptions, UnitOfWork, UserId};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The key of each food by its name.
type Foods = HashMap<String, IngredientId>;

pub(crate) const FOODS: &str = include_str!("data/ingredients.csv");

fn main() -> Done {
    let database = Database::from_env()?; // DATABASE_URL, or a private PostgreSQL
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::MealPlanning]).up()?;
    tell(&store, &mut io::stdout().lock())
}

pub(crate) fn tell(store: &Store, out: &mut dyn Write) -> Done {
    let foods = stock(store, out)?;
    let (amy, ben) = store.write(|uow| Ok((user(uow)?, user(uow)?)))?;
    let mut teller = Teller { store, out, amy, ben };

    let (plan, draft) = store.write(|uow| uow.meal_plans().create(amy, "Office lunches"))?;
    let plan = plan.plan_id;
    teller.say("\nAmy makes a plan and drafts its first days. One of them in g and kcal:")?;
    let draft = first_days(store, &foods, &draft)?;
    teller.nutrients_of_first_day(&draft)?;
    teller.commit(&draft, &Message::new("A start").label("start"))?;

    teller.say("\nA new draft begins with what is active. Amy changes it:")?;
    let draft = store.write(|uow| uow.meal_plan_drafts(amy).begin(plan))?.into_draft();
    let draft = second_thoughts(store, &foods, &draft)?;
    teller.indented(store.read(|uow| uow.meal_plan_drafts(amy).diff(draft.draft_id))?)?;
    teller.commit(&draft, &Message::new("Fish on Tuesdays"))?;

    teller.say("\nBen wants no fish, so he goes back. The history stays as it is:")?;
    let start = store.read(|uow| uow.meal_plan_versions().find_by_label(plan, "start"))?;
    let start = start.ok_or("there is no such label")?.plan_version_id;
    store.write(|uow| uow.meal_plans().revert(plan, start, ben, "No fish, please"))?;
    teller.history(plan)?;
    teller.activations(plan)?;

    teller.say("\nBoth draft at the same time, and Amy is faster:")?;
    let amys = store.write(|uow| uow.meal_plan_drafts(amy).begin(plan))?.into_draft();
    let bens = store.write(|uow| uow.meal_plan_drafts(ben).begin(plan))?.into_draft();
    let fruit = section(&foods, "Fruit", &[("Apples, raw, with skin", 150)]);
    let snack = meal(1, "Snack", 16, vec![fruit]);
    let amys = edit(store, &amys, |drafts| {
        drafts.add_meal(amys.draft_id, amys.revision, &snack, At::End).map(drop)
    })?;
    let bens = edit(store, &bens, |drafts| {
        drafts.rename(bens.draft_id, bens.revision, "Lunches").map(drop)
    })?;
    teller.commit(&amys, &Message::new("An apple a day"))?;
    let message = Message::new("Not only for the office");
    let bens = teller.rebase_of_stale(&bens, &message)?;
    teller.commit(&bens, &message)?;

    teller.say("\nIf only the last version were kept, and what else has a reason to stay:")?;
    let (scope, policy) = (PruneScope::Plan(plan), PrunePolicy::keep_last(1).active_within(0));
    let report = store.read(|uow| uow.meal_plan_versions().prune_dry_run(scope, &policy))?;
    for verdict in &report.verdicts {
        let kept = format!("stays: {:?}", verdict.kept);
        let fate = if verdict.goes() { "goes" } else { kept.as_str() };
        writeln!(teller.out, "  version {} {fate}", verdict.version_number)?;
    }
    teller.say("\nThat was a dry run, so all of it is there:")?;
    teller.history(plan)
}

/// A user as the host would make one, where `users` has no other column that needs a value.
fn user(uow: &mut UnitOfWork<'_>) -> planwright::Result<UserId> {
    let id = UserId::new();
    diesel::sql_query("INSERT INTO users (id) VALUES ($1)")
        .bind::<Uuid, _>(id)
        .execute(uow.connection())?;
    Ok(id)
}

/// Stores the foods of the file. From the second time on nothing of it is new.
fn stock(store: &Store, out: &mut dyn Write) -> Done<Foods> {
    let foods: Vec<NewIngredient> =
        csv::Reader::from_reader(FOODS.as_bytes()).deserialize().collect::<Result<_, _>>()?;
    let stored = store.write(|uow| uow.ingredients().upsert(&foods))?;
    for outcome in [IngredientOutcome::Created, IngredientOutcome::Unchanged] {
        let count = stored.iter().filter(|one| one.outcome == outcome).count();
        writeln!(out, "{count} of {} ingredients: {outcome:?}", stored.len())?;
    }
    let keys = stored.iter().map(|one| one.ingredient_id);
    Ok(foods.into_iter().map(|food| food.name).zip(keys).collect())
}

fn meal(day: i32, name: &str, hour: u32, sections: Vec<Section>) -> Meal {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour of the day");
    Meal { sections, ..Meal::new(day, name, time) }
}

/// A part of a meal: foods, and how much of each in g.
fn section(foods: &Foods, name: &str, lines: &[(&str, i32)]) -> Section {
    let line = |&(food, grams): &(&str, i32)| Line::new(foods[food], grams);
    Section { lines: lines.iter().map(line).collect(), ..Section::named(name) }
}

/// Does something to a draft, and gives it as it is then.
fn edit(
    store: &Store,
    draft: &Draft,
    mut work: impl FnMut(&mut DraftRepository<'_>) -> planwright::Result<()>,
) -> planwright::Result<Draft> {
    store.write(|uow| {
        let mut drafts = uow.meal_plan_drafts(draft.user_id);
        work(&mut drafts)?;
        drafts.get(draft.draft_id)
    })
}

/// Each edit says which revision of the draft it expects, and gives the next.
fn first_days(store: &Store, foods: &Foods, draft: &Draft) -> planwright::Result<Draft> {
    let porridge = [("Oats, rolled, dry", 60), ("Milk, whole", 200), ("Raspberries, raw", 80)];
    let breakfast = meal(0, "Breakfast", 8, vec![section(foods, "Porridge", &porridge)]);
    let soup = [("Lentils, dry", 70), ("Carrots, raw", 80), ("Onions, raw", 40), ("Olive oil", 8)];
    let lunch = meal(0, "Lunch", 13, vec![section(foods, "Soup", &soup)]);
    let bread = section(foods, "Bread", &[("Bread, rye", 90), ("Butter, salted", 10)]);
    let noodles = [("Noodles, egg, dry", 90), ("Broccoli, raw", 150), ("Tofu, firm", 120)];
    let tuesday = [meal(1, "Lunch", 13, vec![section(foods, "Noodles", &noodles)])];
    let milk = &breakfast.sections[0].lines[1];
    let cheese = Line::new(foods["Cheese, cheddar"], 25);
    edit(store, draft, |drafts| {
        let id = draft.draft_id;
        let mut revision = drafts.add_meal(id, draft.revision, &lunch, At::End)?;
        revision = drafts.add_meal(id, revision, &breakfast, At::Index(0))?;
        revision = drafts.put_meals(id, revision, &tuesday)?;
        revision = drafts.add_section(id, revision, lunch.id, &bread, At::End)?;
        revision = drafts.add_line(id, revision, bread.id, &cheese, At::End)?;
        revision = drafts.move_line(id, revision, cheese.id, bread.id, At::Index(1))?;
        drafts.set_quantity(id, revision, milk.id, &250.into()).map(drop)
    })
}

fn second_thoughts(store: &Store, foods: &Foods, draft: &Draft) -> planwright::Result<Draft> {
    let salmon = foods["Salmon, sockeye, raw"];
    let rice = section(foods, "Rice", &[("Rice, brown, long-grain, raw", 80)]);
    let wednesday = meal(2, "Lunch", 13, vec![rice]);
    edit(store, draft, |drafts| {
        let id = draft.draft_id;
        let content = drafts.content(id)?;
        let [breakfast, lunch, tuesday] = &content.meals[..] else { panic!("three meals") };
        let (bread, tofu) = (&lunch.sections[1], &tuesday.sections[0].lines[2]);
        let mut revision = drafts.update_line(id, draft.revision, tofu.id, salmon, &140.into())?;
        revision = drafts.move_section(id, revision, bread.id, lunch.id, At::Index(0))?;
        revision = drafts.remove_meal(id, revision, breakfast.id)?;
        drafts.add_meal(id, revision, &wednesday, At::End).map(drop)
    })
}

struct Teller<'a> {
    store: &'a Store,
    out: &'a mut dyn Write,
    amy: UserId,
    ben: UserId,
}

impl Teller<'_> {
    fn say(&mut self, what: &str) -> Done {
        Ok(writeln!(self.out, "{what}")?)
    }

    fn indented(&mut self, text: impl ToString) -> Done {
        text.to_string().lines().try_for_each(|line| self.say(&format!("  {line}")))
    }

    fn name(&self, user: UserId) -> &'static str {
        match user {
            user if user == self.amy => "Amy",
            user if user == self.ben => "Ben",
            _ => "somebody else",
        }
    }

    fn nutrients_of_first_day(&mut self, draft: &Draft) -> Done {
        let (content, nutrients) = self.store.read(|uow| {
            let mut drafts = uow.meal_plan_drafts(draft.user_id);
            Ok((drafts.content(draft.draft_id)?, drafts.nutrients(draft.draft_id)?))
        })?;
        let day = nutrients.days.first().ok_or("the plan has no day")?;
        let head = ["amount", "energy", "protein", "carbs", "fat", "fibre", "salt"];
        self.row("day 0", &head.map(String::from))?;
        for (meal, of) in content.meals.iter().zip(&day.meals) {
            self.row(&meal.name, &figures(&of.total))?;
        }
        self.row("together", &figures(&day.total))
    }

    fn row(&mut self, name: &str, cells: &[String]) -> Done {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>8}")).collect();
        self.say(&format!("  {name:<10}{}", cells.concat()))
    }

    fn commit(&mut self, draft: &Draft, message: &Message) -> Done {
        let (id, revision) = (draft.draft_id, draft.revision);
        let committed = self
            .store
            .write(|uow| uow.meal_plan_drafts(draft.user_id).commit(id, revision, message))?;
        let version = committed.version();
        let who = self.name(version.author_id);
        self.say(&format!("  {who} commits version {}: {}", version.version_number, message.text))
    }

    /// A draft that has not seen the newest version is not committed before it is rebased.
    fn rebase_of_stale(&mut self, draft: &Draft, message: &Message) -> Done<Draft> {
        let (id, revision, user) = (draft.draft_id, draft.revision, draft.user_id);
        let who = self.name(user);
        match self.store.write(|uow| uow.meal_plan_drafts(user).commit(id, revision, message)) {
            Err(stale) if stale.is_conflict() => self.say(&format!("  {who} cannot: {stale}"))?,
            other => return Err(format!("not stale: {other:?}").into()),
        }
        let rebased = self.store.write(|uow| uow.meal_plan_drafts(user).rebase(id, revision))?;
        let Rebased::Done { brought, .. } = rebased else {
            return Err(format!("not rebased: {rebased:?}").into());
        };
        self.say(&format!("  {who} rebases, which brings into the draft:"))?;
        self.indented(brought)?;
        Ok(self.store.read(|uow| uow.meal_plan_drafts(user).get(id))?)
    }

    fn history(&mut self, plan: PlanId) -> Done {
        let page = Page::first(20);
        for entry in self.store.read(|uow| uow.meal_plan_versions().history(plan, page))?.items {
            let (version, who) = (&entry.version, self.name(entry.version.author_id));
            let mark = if entry.is_active { '*' } else { ' ' };
            let label = version.label.as_ref().map_or(String::new(), |label| format!(" [{label}]"));
            let (number, name, message) = (version.version_number, &version.name, &version.message);
            let size = format!("{} meals, {} lines", entry.meals, entry.lines);
            self.say(&format!(" {mark} {number} {name:<14} {size}. {who}: {message}{label}"))?;
        }
        Ok(())
    }

    /// Asks for the moment of each activation what was active.
    fn activations(&mut self, plan: PlanId) -> Done {
        let page = Page::first(20);
        let listed = self.store.read(|uow| uow.meal_plans().activations(plan, page))?;
        for activation in listed.items.iter().rev() {
            let time = activation.activated_at;
            let active = self.store.read(|uow| uow.meal_plans().active_at(plan, time))?;
            let Some(ActiveAt::Version(version)) = active else { return Err("it is gone".into()) };
            let (who, time) = (self.name(activation.activated_by), time.format("%H:%M:%S%.3f"));
            let (number, reason) = (version.version_number, &activation.reason);
            self.say(&format!("  at {time} version {number} was active. {who}: {reason}"))?;
        }
        Ok(())
    }
}

/// Amounts in g, energy in kcal.
fn figures(total: &Total) -> [String; 7] {
    let of = &total.nutrients;
    let (quantity, energy, carbs) = (&total.quantity_g, &of.energy_kcal, &of.carbohydrate_g);
    [quantity, energy, &of.protein_g, carbs, &of.fat_g, &of.fibre_g, &of.salt_g]
        .map(|value| value.round(1).to_plain_string())
}
