//! Changes of a part of a draft, each one statement: the draft's new revision first, and all else
//! depends on it. So one that is refused has changed nothing, in a unit that goes on, too.

mod lines;
mod meals;
mod put_meals;
mod refresh;
mod sections;

pub use refresh::Refreshed;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Uuid};
use serde::{Deserialize, Serialize};

use super::content::{LineId, MealId, Place, SectionId, check_name};
use super::draft::{self, DraftId, DraftRepository, Revision};
use super::explained;
use super::put::Rows;
use super::schema::{draft_ingredients, draft_meal_sections, draft_meals};
use crate::error::{Error, Result};
use crate::statement::Statement;

const MEAL: &str = "meal_planning::Meal";
const SECTION: &str = "meal_planning::Section";
const LINE: &str = "meal_planning::Line";

/// Where something is to stand among its siblings: a meal among those of its day, a section among
/// those of its meal, a line among those of its section. Those behind it make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Behind all others.
    #[default]
    End,
    /// With so many others before it: 0 is the first place. A number beyond the end is the end. For
    /// something that is moved among its siblings, it counts the others only, so this is its place
    /// afterwards.
    Index(usize),
}

impl At {
    fn rank(self) -> i64 {
        match self {
            Self::End => i64::MAX,
            Self::Index(nth) => i64::try_from(nth).unwrap_or(i64::MAX),
        }
    }
}

/// What an edit needs to find in the draft.
#[derive(Debug, Clone, Copy)]
enum Target {
    Meal(MealId),
    Section(SectionId),
    Line(LineId),
}

impl Target {
    fn not_found(self) -> Error {
        match self {
            Self::Meal(id) => Error::not_found(MEAL, id),
            Self::Section(id) => Error::not_found(SECTION, id),
            Self::Line(id) => Error::not_found(LINE, id),
        }
    }
}

impl DraftRepository<'_> {
    /// Gives the plan another name, which it gets with the commit.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a blank or too long name, [`Error::NotFound`] where the user has no
    /// such draft, [`Error::Stale`] where it has another revision.
    pub fn rename(&mut self, id: DraftId, expected: Revision, name: &str) -> Result<Revision> {
        const RENAME: &str = "-- planwright: rename a draft
            UPDATE draft_plans SET name = $1, revision = revision + 1, updated_at = now()
             WHERE draft_id = $2 AND user_id = $3 AND revision = $4
            RETURNING revision";

        check_name(&Place::default(), draft::ENTITY, name)?;
        let statement = Statement::new(RENAME).bind::<Text, _>(name);
        let statement = self.expecting(statement, id, expected);
        self.edit(statement, id, expected, |_| Ok(Error::not_found(draft::ENTITY, id)))
    }

    /// Binds what every edit asks of the draft.
    fn expecting<'a>(
        &self,
        statement: Statement<'a, BigInt>,
        id: DraftId,
        expected: Revision,
    ) -> Statement<'a, BigInt> {
        statement.bind::<BigInt, _>(id).bind::<Uuid, _>(self.user).bind::<BigInt, _>(expected)
    }

    /// Runs an edit. `why` says what was wrong with the thing where it was not the draft.
    fn edit(
        &mut self,
        statement: Statement<'_, BigInt>,
        id: DraftId,
        expected: Revision,
        why: impl FnOnce(&mut Self) -> Result<Error>,
    ) -> Result<Revision> {
        let revision = statement
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        if let Some(revision) = revision {
            return Ok(revision);
        }
        // The thing first: revisions only grow, so where the draft then still has this one, what
        // was seen is what the statement saw.
        let why = why(self)?;
        Err(self.refusal(id, expected)?.unwrap_or(why))
    }

    /// The first of these that is not in the draft.
    fn missing(&mut self, id: DraftId, targets: &[Target]) -> Result<Option<Error>> {
        for target in targets {
            let connection = self.uow.connection();
            let found: bool = match *target {
                Target::Meal(meal) => diesel::select(exists(draft_meals::table.find((id, meal))))
                    .get_result(connection),
                Target::Section(section) => {
                    let own = draft_meal_sections::table.find((id, section));
                    diesel::select(exists(own)).get_result(connection)
                }
                Target::Line(line) => {
                    let own = draft_ingredients::table.find((id, line));
                    diesel::select(exists(own)).get_result(connection)
                }
            }?;
            if !found {
                return Ok(Some(target.not_found()));
            }
        }
        Ok(None)
    }

    /// The first thing of the rows that stands elsewhere in the draft: not in one of their meals.
    fn taken(
        &mut self,
        id: DraftId,
        rows: &Rows<'_>,
        new: bool,
        reason: &str,
    ) -> Result<Option<Error>> {
        let taken: Option<(i32, uuid::Uuid)> =
            Statement::<(Integer, Uuid)>::new(include_str!("taken.sql"))
                .bind::<BigInt, _>(id)
                .bind::<Bool, _>(new)
                .bind::<Array<Uuid>, _>(&rows.meals.ids)
                .bind::<BigInt, _>(id)
                .bind::<Array<Uuid>, _>(&rows.sections.ids)
                .bind::<Array<Uuid>, _>(&rows.meals.ids)
                .bind::<BigInt, _>(id)
                .bind::<Array<Uuid>, _>(&rows.lines.ids)
                .bind::<Array<Uuid>, _>(&rows.meals.ids)
                .get_result(self.uow.connection())
                .optional()?;
        Ok(taken.map(|(level, key)| {
            let entity = match level {
                0 => MEAL,
                1 => SECTION,
                _ => LINE,
            };
            Error::conflict(entity, key, reason)
        }))
    }
}

/// Refuses a key that stands in the list twice, and more keys than a draft has.
fn check_order<K: Copy + Eq + std::hash::Hash>(entity: &'static str, order: &[K]) -> Result<()> {
    if order.len() > super::content::MAX_ROWS {
        let rule = format!("must have at most {} keys", super::content::MAX_ROWS);
        return Err(Error::invalid(entity, "order", rule));
    }
    let mut first = std::collections::HashMap::new();
    for (nth, key) in order.iter().enumerate() {
        if let Some(first) = first.insert(*key, nth) {
            let rule = format!("is the same key as order[{first}]");
            return Err(Error::invalid(entity, format!("order[{nth}]"), rule));
        }
    }
    Ok(())
}
