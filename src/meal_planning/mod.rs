//! Meal plans: drafts that users edit, and versions that are never changed.
//!
//! A [`Plan`] has [`Version`]s, of which one is active, and each user may have one [`Draft`] of it.
//! Both consist of the same tree, [`Content`]: meals by day, their sections, and in these lines of
//! an [`Ingredient`] and a quantity.
//!
//! # Two layers
//!
//! *Drafts* are mutable working copies. A draft [begins](DraftRepository::begin) with the content of
//! the active version, every edit raises its [`Revision`] by one, and it may be incomplete. It ends
//! with a [commit](DraftRepository::commit) or is [cancelled](DraftRepository::cancel), and leaves
//! no row.
//!
//! *Versions* are made by a commit alone. The database refuses every change of one, whoever asks for
//! it: [`IMMUTABLE`] lists the tables, and [`Immutability`](crate::verify::Immutability) tries them.
//! To [revert](PlanRepository::revert) is to point at another version; nothing is copied, and
//! [`active_at`](PlanRepository::active_at) knows what was active before. Versions leave only by
//! [`prune`](VersionRepository::prune), which notes the number and digest of each.
//!
//! Meals, sections and lines keep their keys in every draft and version, so two contents can be
//! [compared](diff()) and [merged](merge()) row by row.
//!
//! # Stale drafts
//!
//! A draft knows the highest number that its plan had when it was begun. Once there is a higher one,
//! a commit is [`Stale`](crate::Error::Stale) and nothing is stored. Then there are three ways:
//!
//! * [`rebase`](DraftRepository::rebase) merges the draft with the active version, field by field.
//!   Where both sides did something with the same thing, that is a [`Conflict`], nothing is written,
//!   and [`rebase_with`](DraftRepository::rebase_with) takes the answers;
//! * [`commit_over`](DraftRepository::commit_over) stands over what came between, which stays in the
//!   history;
//! * [`cancel`](DraftRepository::cancel) gives the draft up.
//!
//! A revert makes no version, so it makes no draft stale.
//!
//! # Example
//!
//! ```
//! use planwright::meal_planning::{Line, Meal, Message, Section, factory};
//! # use planwright::{Context, testing::TestDatabase};
//! # let database = TestDatabase::new([Context::MealPlanning])?;
//! # let store = database.store();
//! # let user = store.write(factory::user)?;
//! # let oats = store.write(|uow| Ok(factory::ingredients(uow, "oats", 1)?[0]))?;
//! let eight = chrono::NaiveTime::from_hms_opt(8, 0, 0).unwrap();
//! let mut porridge = Section::named("Porridge");
//! porridge.lines.push(Line::new(oats, 60)); // g
//! let mut breakfast = Meal::new(0, "Breakfast", eight); // on the first day
//! breakfast.sections.push(porridge);
//!
//! let committed = store.write(|uow| {
//!     let (_, draft) = uow.meal_plans().create(user, "Week")?;
//!     let mut drafts = uow.meal_plan_drafts(user);
//!     let revision = drafts.put_meal(draft.draft_id, draft.revision, &breakfast)?;
//!     drafts.commit(draft.draft_id, revision, &Message::new("A start"))
//! })?;
//! let version = committed.version();
//! let sums = store.read(|uow| uow.meal_plan_versions().nutrients(version.plan_version_id))?;
//! assert_eq!((version.version_number, sums.total.quantity_g), (1, 60.into()));
//! # Ok::<(), planwright::Error>(())
//! ```
//!
//! # Tables
//!
//! | table | holds | changes |
//! | --- | --- | --- |
//! | `plans` | that there is the plan, and who made it | never |
//! | `plan_versions` | [`Version`] | never; pruned |
//! | `meals_in_plan_versions`, `meal_section_versions`, `ingredient_versions` | the [`Meal`]s, [`Section`]s and [`Line`]s of versions | never; pruned |
//! | `plan_activations` | [`Activation`] | never |
//! | `plan_prunings` | what was pruned, when, by whom and why | never |
//! | `active_plans` | [`Plan`]: its name, owner and active version. Its row is the plan's lock | by commit, revert, archive |
//! | `draft_plans` | [`Draft`], unique by user and plan | by every edit |
//! | `draft_meals`, `draft_meal_sections`, `draft_ingredients` | the [`Meal`]s, [`Section`]s and [`Line`]s of drafts | by edits |
//! | `ingredients` | [`Ingredient`] | superseded by another row; its values never |
//!
//! # Units
//!
//! Quantities and nutrients are in g, energy is in kcal, of ingredients per 100 g of the edible part.
//! They are `BigDecimal`, rounded to 3 places, half away from zero, before they are written; a
//! [`Total`] is summed exactly and rounded once. Days count from 0. A meal's time is of the day's
//! local time.
//!
//! # What is left to the host
//!
//! * **Who may do what.** Drafts are those of the user whom the host passes, and others' are not
//!   found; plans and versions are open. Who may draft, commit, revert and prune which plan is the
//!   host's decision. [`GRANTS`] lets an application do everything but prune.
//! * **Users** are rows of the host's `public.users`. Deleting one deletes their drafts, and is
//!   refused for one who made a plan. As authors of versions, activations and prunings they stay in
//!   the history by their ids, which have no foreign key.
//! * **Plans** are never deleted: [`archive`](PlanRepository::archive) puts one away and frees its
//!   name. Its versions and drafts stay.

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
