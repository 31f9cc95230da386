//! Meal plans: drafts that are edited, and versions that are never changed.
//!
//! Everything that a user edits is a draft, and a version is made by an explicit commit alone. The
//! database refuses any change of a version, whoever asks for it.

mod activation;
mod archive;
mod begin;
mod commit;
mod conflict;
mod content;
mod diff;
mod draft;
mod edit;
#[cfg(feature = "testing")]
pub mod factory;
mod forest;
mod grants;
mod history;
mod immutable;
mod ingredient;
mod invariants;
mod merge;
mod message;
mod nutrients;
mod plan;
mod prune;
mod put;
mod rebase;
mod revert;
mod row;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod tree;
mod upsert_ingredients;
mod version;

pub use activation::{Activation, ActivationId, ActiveAt, Cause};
pub use begin::Begun;
pub use commit::{CommitOptions, Committed};
pub use conflict::{Conflict, ConflictKey, Resolutions, Side};
pub use content::{
    Content, Line, LineId, MAX_DAY, MAX_NAME, MAX_ROWS, Meal, MealId, Section, SectionId,
};
pub use diff::{Diff, Difference, What, diff};
pub use draft::{Draft, DraftId, DraftRepository, Revision};
pub use edit::{At, Refreshed};
pub use grants::{GRANTS, PRUNING};
pub use history::HistoryEntry;
pub use immutable::IMMUTABLE;
pub use ingredient::{
    Ingredient, IngredientId, IngredientRepository, MAX_INGREDIENT_NAME, NewIngredient,
};
pub use invariants::INVARIANTS;
pub use merge::{Merge, merge, merge_with};
pub use message::{MAX_LABEL, MAX_MESSAGE, Message};
pub use nutrients::{
    DayNutrients, IngredientNutrients, MealNutrients, Nutrients, PlanNutrients, SectionNutrients,
    Total,
};
pub use plan::{Effect, Plan, PlanFilter, PlanId, PlanRepository};
pub use prune::{Kept, MAX_PRUNE_DAYS, PrunePolicy, PruneReport, PruneScope, Verdict};
pub use rebase::Rebased;
pub use row::{Field, Parent, Row, RowId, Value};
pub use upsert_ingredients::{IngredientOutcome, MAX_INGREDIENTS, Upserted};
pub use version::{Version, VersionId, VersionRepository};

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
