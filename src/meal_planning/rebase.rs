//! A draft takes in what was committed since it was begun.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid};
use serde::Serialize;

use super::conflict::{Conflict, Resolutions};
use super::content::Content;
use super::diff::{Diff, diff};
use super::draft::{Draft, DraftId, DraftRepository, DraftRow, ENTITY, Revision};
use super::merge::merge_with;
use super::version::VersionId;
use super::{plan, tree, version};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// What became of a rebase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub enum Rebased {
    /// The draft has seen every version of its plan, and its base is the active one. Nothing was
    /// written.
    UpToDate,
    /// The draft is merged with the active version, which is its base now.
    Done {
        /// The draft's revision.
        revision: Revision,
        /// The active version.
        onto: VersionId,
        /// What that changed in the draft.
        brought: Diff,
    },
    /// Both sides did something with the same thing. Nothing was written.
    Conflicts {
        /// The active version, which is theirs.
        onto: VersionId,
        /// What nobody has answered, by its key.
        conflicts: Vec<Conflict>,
    },
}

/// The draft, the name that its plan was made with, the active version and the highest number.
type Held = (Draft, String, Option<VersionId>, i32);

impl DraftRepository<'_> {
    /// Merges the draft with the active version of its plan, and makes that its base: `mine` is the
    /// draft, `theirs` the active version, and both come from the draft's base or, where it has
    /// none, from a plan without meals of the name that it was made with.
    ///
    /// The active version, not the newest: after a revert the newest is what somebody has put
    /// aside. It counts as seen, though, so that a commit is not stale unless another version comes.
    ///
    /// Five statements at most. The plan and the draft are held until the unit of work ends.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft, [`Error::Stale`] where it has another
    /// revision, [`Error::Invalid`] where both together have too many rows.
    pub fn rebase(&mut self, id: DraftId, expected: Revision) -> Result<Rebased> {
        self.rebased(id, expected, None, &Resolutions::default())
    }

    /// [`rebase`](Self::rebase), with answers to the [`Conflicts`](Rebased::Conflicts) that it gave:
    /// `onto` is the version that they were with. Those without an answer are given again.
    ///
    /// # Errors
    ///
    /// As [`rebase`](Self::rebase), and [`Error::Stale`] where another version is active by now: the
    /// answers are for other conflicts.
    pub fn rebase_with(
        &mut self,
        id: DraftId,
        expected: Revision,
        onto: VersionId,
        resolutions: &Resolutions,
    ) -> Result<Rebased> {
        self.rebased(id, expected, Some(onto), resolutions)
    }

    fn rebased(
        &mut self,
        id: DraftId,
        expected: Revision,
        answered: Option<VersionId>,
        resolutions: &Resolutions,
    ) -> Result<Rebased> {
        let (draft, name, active, highest) = self.held(id)?;
        if draft.revision != expected {
            return Err(stale(ENTITY, id, expected, draft.revision));
        }
        let Some(onto) = active else { return Ok(Rebased::UpToDate) };
        if let Some(answered) = answered.filter(|answered| *answered != onto) {
            let version = |id| format!("{} {id}", version::ENTITY);
            return Err(stale(plan::ENTITY, draft.plan_id, version(answered), version(onto)));
        }
        if draft.base_version_id == Some(onto) && draft.seen_version_number == highest {
            return Ok(Rebased::UpToDate);
        }
        let (mine, base) = tree::of_draft_and_base(&mut self.uow, self.user, id)?
            .ok_or_else(|| Error::not_found(ENTITY, id))?;
        let theirs = tree::of_version(&mut self.uow, onto)?
            .ok_or_else(|| Error::not_found(version::ENTITY, onto))?;
        let base = base.unwrap_or(Content { name, meals: Vec::new() });
        let merged = merge_with(&base, &mine, &theirs, resolutions);
        if !merged.conflicts.is_empty() {
            return Ok(Rebased::Conflicts { onto, conflicts: merged.conflicts });
        }
        let brought = diff(&mine, &merged.content);
        let revision = self.put_onto(id, expected, &merged.content, Some((onto, highest)))?;
        Ok(Rebased::Done { revision, onto, brought })
    }

    /// Holds the plan, then the draft, and reads what there is behind both locks.
    fn held(&mut self, id: DraftId) -> Result<Held> {
        let plan: Option<i64> = Statement::<BigInt>::new(include_str!("hold_plan.sql"))
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(self.user)
            .get_result(self.uow.connection())
            .optional()?;
        if plan.is_none() {
            return Err(Error::not_found(ENTITY, id));
        }
        Statement::<(DraftRow, Text, Nullable<BigInt>, Integer)>::new(include_str!("rebase.sql"))
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(self.user)
            .get_result(self.uow.connection())
            .optional()?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }
}

fn stale(
    entity: &'static str,
    key: impl ToString,
    expected: impl ToString,
    actual: impl ToString,
) -> Error {
    Error::Stale {
        entity,
        key: key.to_string(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    }
}
