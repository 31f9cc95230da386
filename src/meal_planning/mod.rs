//! Meal plans: drafts that are edited, and versions that are never changed.
//!
//! Everything that a user edits is a draft, and a version is made by an explicit commit alone. The
//! database refuses any change of a version, whoever asks for it.

mod begin;
mod content;
mod draft;
mod edit;
#[cfg(feature = "testing")]
pub mod factory;
mod ingredient;
mod invariants;
mod plan;
mod put;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod tree;
mod upsert_ingredients;
mod version;

pub use begin::Begun;
pub use content::{
    Content, Line, LineId, MAX_DAY, MAX_NAME, MAX_ROWS, Meal, MealId, Section, SectionId,
};
pub use draft::{Draft, DraftId, DraftRepository, Revision};
pub use edit::{At, Refreshed};
pub use ingredient::{
    Ingredient, IngredientId, IngredientRepository, MAX_INGREDIENT_NAME, NewIngredient,
};
pub use invariants::INVARIANTS;
pub use plan::{Plan, PlanId, PlanRepository};
pub use upsert_ingredients::{IngredientOutcome, MAX_INGREDIENTS, Upserted};
pub use version::{Version, VersionId, VersionRepository};

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
