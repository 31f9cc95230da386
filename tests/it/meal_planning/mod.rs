//! The meal planning context.

mod activation;
mod begin;
mod by_hand;
mod commit;
mod commit_cuts;
mod commit_races;
mod commit_refusals;
mod crowd;
mod definitions;
mod diff;
mod draft_tables;
mod edit;
mod edit_model;
mod edits;
mod grants;
mod history;
mod immutability;
mod immutable;
mod ingredients;
mod merge;
mod merge_laws;
mod model;
mod nutrients;
mod prune;
mod put;
mod rebase;
mod revert;
mod steps;

use planwright::meal_planning::factory;
use planwright::meal_planning::{Content, Draft, IngredientId, Plan, Version};
use planwright::testing::TestDatabase;
use planwright::{Context, Store, UserId};

pub(crate) fn database() -> TestDatabase {
    TestDatabase::new([Context::MealPlanning]).expect("a test database")
}

/// A user with a plan and its draft, and twelve ingredients.
pub(crate) struct Kitchen {
    pub(crate) database: TestDatabase,
    pub(crate) user: UserId,
    pub(crate) ingredients: Vec<IngredientId>,
    pub(crate) plan: Plan,
    pub(crate) draft: Draft,
}

impl Kitchen {
    pub(crate) fn new() -> Self {
        let database = database();
        let (user, ingredients, plan, draft) = database
            .store()
            .write(|uow| {
                let user = factory::user(uow)?;
                let ingredients = factory::ingredients(uow, "ingredient", 12)?;
                let (plan, draft) = uow.meal_plans().create(user, "Week")?;
                Ok((user, ingredients, plan, draft))
            })
            .expect("a plan");
        Self { database, user, ingredients, plan, draft }
    }

    pub(crate) fn store(&self) -> &Store {
        self.database.store()
    }

    /// Days, meals a day, sections a meal, lines a section.
    pub(crate) fn content(&self, size: [i32; 4]) -> Content {
        factory::content("Week", size, &self.ingredients)
    }

    /// The first draft, with this content, becomes a version.
    pub(crate) fn commit(&self, content: &Content) -> Version {
        let draft = &self.draft;
        let committed = self.store().write(|uow| {
            let mut drafts = uow.meal_plan_drafts(self.user);
            let revision = drafts.put(draft.draft_id, draft.revision, content)?;
            drafts.commit(draft.draft_id, revision, &steps::message())
        });
        steps::made(committed.expect("a version"))
    }

    /// Another version of the plan.
    pub(crate) fn commit_again(&self, content: &Content) -> Version {
        let plan = self.plan.plan_id;
        self.store()
            .write(|uow| steps::version(uow, plan, self.user, content, &steps::message()))
            .expect("a version")
    }
}
