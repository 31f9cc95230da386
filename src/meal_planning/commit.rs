//! The only way in which versions are made.

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text, Time, Uuid};
use serde::Serialize;

use super::content::MealId;
use super::draft::{self, DraftId, DraftRepository, Revision};
use super::explained;
use super::message::Message;
use super::plan::{self, PlanId};
use super::version::{Version, VersionId, VersionRow};
use crate::error::{Error, Problem, Result};
use crate::statement::Statement;

/// What a commit has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Committed {
    /// It has made this version, which is active now.
    Version(Version),
    /// The draft has the content of the active version, so it was discarded, and the message with
    /// its label.
    Unchanged {
        /// The active version, which is as it was.
        version: Version,
    },
}

impl Committed {
    /// The version that has the content of the draft.
    pub fn version(&self) -> &Version {
        match self {
            Self::Version(version) | Self::Unchanged { version } => version,
        }
    }
}

/// How a commit differs from [`commit`](DraftRepository::commit).
///
/// # Example
///
/// ```
/// use planwright::meal_planning::CommitOptions;
///
/// let options = CommitOptions::always().over();
/// assert_ne!(options, CommitOptions::default());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitOptions {
    always: bool,
    over: bool,
}

impl CommitOptions {
    /// Makes a version also of content that the active version has already.
    #[must_use]
    pub fn always() -> Self {
        Self { always: true, over: false }
    }

    /// Also where the plan has versions that the draft has not seen: the new one stands over them,
    /// without what they changed.
    #[must_use]
    pub fn over(mut self) -> Self {
        self.over = true;
        self
    }
}

#[derive(Queryable)]
struct Locked {
    plan_id: PlanId,
    revision: Revision,
    seen_version_number: i32,
    active_id: Option<VersionId>,
    is_archived: bool,
}

type CheckRow = (
    Nullable<Binary>,
    Nullable<Binary>,
    Integer,
    Bool,
    Nullable<Uuid>,
    Nullable<Integer>,
    Nullable<Time>,
    Nullable<Text>,
    Nullable<Uuid>,
    Nullable<Uuid>,
);

#[derive(Queryable)]
struct Checked {
    digest: Option<Vec<u8>>,
    active_digest: Option<Vec<u8>>,
    latest: i32,
    has_meals: bool,
    meal_id: Option<MealId>,
    day: Option<i32>,
    meal_time: Option<NaiveTime>,
    name: Option<String>,
    first_at_time: Option<MealId>,
    first_of_name: Option<MealId>,
}

impl Checked {
    /// What is wrong with the meal of this row, if it is about one.
    fn problems(&self) -> impl Iterator<Item = Problem> {
        let problem = |field: &str, other: Option<MealId>, what: String| {
            let (meal, other) = (self.meal_id?, other?);
            let day = self.day?;
            Some(Problem {
                field: format!("meals[{meal}].{field}"),
                reason: format!("day {day} has {what} already: meals[{other}]"),
            })
        };
        let time = self.meal_time.map(|time| format!("a meal at {time}"));
        let name = self.name.as_deref().map(|name| format!("a meal called {name:?}"));
        [
            problem("meal_time", self.first_at_time, time.unwrap_or_default()),
            problem("name", self.first_of_name, name.unwrap_or_default()),
        ]
        .into_iter()
        .flatten()
    }
}

impl DraftRepository<'_> {
    /// Makes a version of the draft, makes it active, and deletes the draft.
    ///
    /// Three statements, whatever the size of the plan. Commits to one plan wait for each other.
    /// Where the content, name included, is that of the active version, no version is made and the
    /// draft is discarded, whatever versions came in between.
    ///
    /// # Errors
    ///
    /// In this order:
    ///
    /// * [`Error::Invalid`] for a message or label that breaks its rule;
    /// * [`Error::NotFound`] where the user has no such draft;
    /// * [`Error::Stale`] of the draft, where it has another revision;
    /// * [`Error::Conflict`] where the plan is archived;
    /// * [`Error::Stale`] of the plan, where it got a version that the draft has not seen. Rebase
    ///   the draft, or [`commit_over`](Self::commit_over);
    /// * [`Error::Unfit`] with everything that no version may have: no meals, two meals of a day at
    ///   one time or with one name;
    /// * [`Error::Constraint`] where the plan has the label already, or another plan of its owner
    ///   has the name.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::meal_planning::{Committed, Message, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::MealPlanning])?;
    /// # let store = database.store();
    /// # let (user, ingredients) = store.write(|uow| {
    /// #     Ok((factory::user(uow)?, factory::ingredients(uow, "oats", 1)?))
    /// # })?;
    /// let content = factory::content("Week", [7, 3, 1, 2], &ingredients);
    /// let message = Message::new("As the clinic asked").label("start");
    /// let committed = store.write(|uow| {
    ///     let (_, draft) = uow.meal_plans().create(user, "Week")?;
    ///     let mut drafts = uow.meal_plan_drafts(user);
    ///     let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
    ///     drafts.commit(draft.draft_id, revision, &message)
    /// })?;
    /// let Committed::Version(version) = committed else { panic!("it is the first") };
    /// assert_eq!(version.version_number, 1);
    /// let read = store.read(|uow| uow.meal_plan_versions().content(version.plan_version_id))?;
    /// assert_eq!(read, content);
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn commit(
        &mut self,
        id: DraftId,
        expected: Revision,
        message: &Message,
    ) -> Result<Committed> {
        self.commit_with(id, expected, message, CommitOptions::default())
    }

    /// [`commit`](Self::commit), also where the plan got versions that the draft has not seen. The
    /// new one stands over them: what they changed is not in it, and they stay in the history.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit), but for [`Error::Stale`] of the plan.
    pub fn commit_over(
        &mut self,
        id: DraftId,
        expected: Revision,
        message: &Message,
    ) -> Result<Committed> {
        self.commit_with(id, expected, message, CommitOptions::default().over())
    }

    /// [`commit`](Self::commit) with options.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit), but for what the options allow.
    pub fn commit_with(
        &mut self,
        id: DraftId,
        expected: Revision,
        message: &Message,
        options: CommitOptions,
    ) -> Result<Committed> {
        message.validate()?;
        let locked = self.lock(id, expected)?;
        let rows = self.check(id, &locked)?;
        let Some(first) = rows.first() else {
            return Err(Error::not_found(draft::ENTITY, id));
        };
        let unchanged = first.digest.is_some() && first.digest == first.active_digest;
        if let (true, false, Some(active)) = (unchanged, options.always, locked.active_id) {
            return self.discard(id, active);
        }
        if first.latest > locked.seen_version_number && !options.over {
            return Err(Error::Stale {
                entity: plan::ENTITY,
                key: locked.plan_id.to_string(),
                expected: version_number(locked.seen_version_number),
                actual: version_number(first.latest),
            });
        }
        let none = (!first.has_meals).then(|| Problem {
            field: "meals".to_owned(),
            reason: "must have at least one".to_owned(),
        });
        let problems: Vec<_> =
            none.into_iter().chain(rows.iter().flat_map(Checked::problems)).collect();
        if !problems.is_empty() {
            return Err(Error::Unfit { entity: draft::ENTITY, key: id.to_string(), problems });
        }
        let version = Statement::<VersionRow>::new(include_str!("commit.sql"))
            .bind::<BigInt, _>(id)
            .bind::<Integer, _>(first.latest.saturating_add(1))
            .bind::<Text, _>(&message.text)
            .bind::<Nullable<Text>, _>(message.label.as_deref())
            .bind::<Nullable<Binary>, _>(first.digest.as_deref())
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(id)
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        Ok(Committed::Version(version))
    }

    fn lock(&mut self, id: DraftId, expected: Revision) -> Result<Locked> {
        let locked: Option<Locked> =
            Statement::<(BigInt, BigInt, Integer, Nullable<BigInt>, Bool)>::new(include_str!(
                "commit_lock.sql"
            ))
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(self.user)
            .get_result(self.uow.connection())
            .optional()?;
        let locked = locked.ok_or_else(|| Error::not_found(draft::ENTITY, id))?;
        if locked.revision != expected {
            return Err(draft::stale(id, expected, locked.revision));
        }
        if locked.is_archived {
            return Err(plan::archived(locked.plan_id));
        }
        Ok(locked)
    }

    fn check(&mut self, id: DraftId, locked: &Locked) -> Result<Vec<Checked>> {
        Ok(Statement::<CheckRow>::new(include_str!("commit_check.sql"))
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(id)
            .bind::<Nullable<BigInt>, _>(locked.active_id)
            .bind::<BigInt, _>(locked.plan_id)
            .load(self.uow.connection())?)
    }

    fn discard(&mut self, id: DraftId, active: VersionId) -> Result<Committed> {
        let version = Statement::<VersionRow>::new(include_str!("discard.sql"))
            .bind::<BigInt, _>(id)
            .bind::<BigInt, _>(active)
            .get_result(self.uow.connection())?;
        Ok(Committed::Unchanged { version })
    }
}

fn version_number(number: i32) -> String {
    if number == 0 { "no version".to_owned() } else { format!("version {number}") }
}
