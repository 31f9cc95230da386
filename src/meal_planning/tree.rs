//! The whole of a draft or version, or both, read in one statement: of one moment in any unit of
//! work.

use bigdecimal::BigDecimal;
use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Numeric, Text, Time, Uuid};

use super::content::{Content, Line, LineId, Meal, MealId, Section, SectionId};
use super::draft::DraftId;
use super::ingredient::IngredientId;
use super::version::VersionId;
use crate::error::Result;
use crate::key::UserId;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

type Types = (
    Text,
    Nullable<(Uuid, Integer, Text, Time)>,
    Nullable<(Uuid, Nullable<Text>)>,
    Nullable<(Uuid, BigInt, Numeric)>,
);

type Row = (
    String,
    Option<(MealId, i32, String, NaiveTime)>,
    Option<(SectionId, Option<String>)>,
    Option<(LineId, IngredientId, BigDecimal)>,
);

pub(super) fn of_version(uow: &mut UnitOfWork<'_>, id: VersionId) -> Result<Option<Content>> {
    let rows = Statement::<Types>::new(include_str!("version_tree.sql"))
        .bind::<BigInt, _>(id)
        .load(uow.connection())?;
    Ok(tree(rows))
}

pub(super) fn of_draft(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: DraftId,
) -> Result<Option<Content>> {
    let rows = Statement::<Types>::new(include_str!("draft_tree.sql"))
        .bind::<BigInt, _>(id)
        .bind::<Uuid, _>(user)
        .load(uow.connection())?;
    Ok(tree(rows))
}

type TypesOfTwo = (
    Bool,
    Text,
    Nullable<(Uuid, Integer, Text, Time)>,
    Nullable<(Uuid, Nullable<Text>)>,
    Nullable<(Uuid, BigInt, Numeric)>,
);

type RowOfTwo = (
    bool,
    String,
    Option<(MealId, i32, String, NaiveTime)>,
    Option<(SectionId, Option<String>)>,
    Option<(LineId, IngredientId, BigDecimal)>,
);

/// A draft, and the version that it was made from, where there was one.
pub(super) fn of_draft_and_base(
    uow: &mut UnitOfWork<'_>,
    user: UserId,
    id: DraftId,
) -> Result<Option<(Content, Option<Content>)>> {
    let rows: Vec<RowOfTwo> = Statement::<TypesOfTwo>::new(include_str!("draft_and_base_tree.sql"))
        .bind::<BigInt, _>(id)
        .bind::<Uuid, _>(user)
        .bind::<BigInt, _>(id)
        .bind::<Uuid, _>(user)
        .load(uow.connection())?;
    let (base, draft): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(is_base, ..)| *is_base);
    let rows = |of: Vec<RowOfTwo>| {
        of.into_iter().map(|(_, name, meal, section, line)| (name, meal, section, line)).collect()
    };
    Ok(tree(rows(draft)).map(|draft| (draft, tree(rows(base)))))
}

/// The rows of one thing stand together, in the order of their places.
fn tree(rows: Vec<Row>) -> Option<Content> {
    let mut content: Option<Content> = None;
    for (name, meal, section, line) in rows {
        let content = content.get_or_insert_with(|| Content { name, meals: Vec::new() });
        let Some((id, day, name, meal_time)) = meal else { continue };
        if content.meals.last().is_none_or(|last| last.id != id) {
            content.meals.push(Meal { id, day, name, meal_time, sections: Vec::new() });
        }
        let Some((id, name)) = section else { continue };
        let sections = &mut content.meals.last_mut()?.sections;
        if sections.last().is_none_or(|last| last.id != id) {
            sections.push(Section { id, name, lines: Vec::new() });
        }
        let Some((id, ingredient_id, quantity_g)) = line else { continue };
        sections.last_mut()?.lines.push(Line { id, ingredient_id, quantity_g });
    }
    content
}
