//! Users, ingredients and plans for tests.

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid};

use super::content::{Content, Line, Meal, Section};
use super::ingredient::IngredientId;
use crate::error::Result;
use crate::key::UserId;
use crate::unit_of_work::UnitOfWork;

/// A new user, in a `public.users` without other columns that need a value.
///
/// # Errors
///
/// [`Error::Database`](crate::Error::Database) and the like, as for any statement.
pub fn user(uow: &mut UnitOfWork<'_>) -> Result<UserId> {
    let id = UserId::new();
    diesel::sql_query("INSERT INTO public.users (id) VALUES ($1)")
        .bind::<Uuid, _>(id)
        .execute(uow.connection())?;
    Ok(id)
}

/// So many ingredients with figures of their own, named after the word.
///
/// # Errors
///
/// [`Error::Constraint`](crate::Error::Constraint) where there are some of this word.
pub fn ingredients(uow: &mut UnitOfWork<'_>, word: &str, count: i64) -> Result<Vec<IngredientId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        ingredient_id: IngredientId,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "INSERT INTO ingredients (name, energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g,
                                  saturated_fat_g, fibre_g, salt_g, water_g)
         SELECT format('%s %s', $1, n), 10 + n, n % 7, n % 11, n % 5, n % 13, n % 3, n % 4,
                0.1 * (n % 9), 50 + n % 17
           FROM generate_series(1, $2) n
         RETURNING ingredient_id",
    )
    .bind::<Text, _>(word)
    .bind::<BigInt, _>(count)
    .load(uow.connection())?;
    Ok(rows.into_iter().map(|row| row.ingredient_id).collect())
}

/// So many days of a plan, each with the same number of meals, sections and lines, over these
/// ingredients. Valid for a commit with up to 23 meals a day.
///
/// # Panics
///
/// For more than 23 meals a day, or no ingredients.
pub fn content(
    name: &str,
    [days, meals, sections, lines]: [i32; 4],
    ingredients: &[IngredientId],
) -> Content {
    let mut ingredients = ingredients.iter().copied().cycle();
    let mut meal = |day: i32, nth: i32| {
        let hour = u32::try_from(nth + 1).expect("not negative");
        let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("at most 23 meals a day");
        let mut meal = Meal::new(day, format!("meal {nth}"), time);
        meal.sections = (0..sections)
            .map(|_| {
                let mut section = Section::new();
                section.lines = (0..lines)
                    .map(|nth| {
                        Line::new(ingredients.next().expect("some ingredients"), 10 * (nth + 1))
                    })
                    .collect();
                section
            })
            .collect();
        meal
    };
    let meals = (0..days).flat_map(|day| (0..meals).map(move |nth| (day, nth)));
    Content { name: name.to_owned(), meals: meals.map(|(day, nth)| meal(day, nth)).collect() }
}
