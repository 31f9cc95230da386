//! The meal planning context.

mod begin;
mod by_hand;
mod edit;
mod edit_model;
mod ingredients;
mod put;

use planwright::meal_planning::factory;
use planwright::meal_planning::{Content, Draft, IngredientId, Plan};
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
}
