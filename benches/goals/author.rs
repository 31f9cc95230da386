//! A user who drafts and commits one plan.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid};
use planwright::meal_planning::{Committed, Content, DraftId, Message, PlanId, Revision, factory};
use planwright::{Result, Store, UnitOfWork, UserId};

use crate::harness::Statement;

/// Days, meals a day, sections a meal, lines a section.
pub(crate) type Size = [i32; 4];

pub(crate) const WEEK: Size = [7, 4, 4, 12];
/// Lines alone make it large: a year of meals of one section.
pub(crate) const YEAR: Size = [365, 6, 1, 15];

/// Meals, sections and lines of a plan of this size.
pub(crate) fn rows([days, meals, sections, lines]: Size) -> f64 {
    f64::from(days * meals * (1 + sections * (1 + lines)))
}

pub(crate) type DraftAt = (DraftId, Revision);

pub(crate) struct Author<'a> {
    pub(crate) store: &'a Store,
    pub(crate) user: UserId,
    pub(crate) plan: PlanId,
    content: Content,
}

impl<'a> Author<'a> {
    /// Somebody new, with a plan that has this size in its first version.
    pub(crate) fn new(store: &'a Store, size: Size) -> Result<Self> {
        let (user, plan, draft, content) = store.write(|uow| {
            let user = factory::user(uow)?;
            // So many that the server looks them up by index. It scans a few, which is slower.
            let ingredients = factory::ingredients(uow, &user.0.to_string(), 900)?;
            uow.connection().batch_execute("ANALYZE ingredients")?;
            let (plan, draft) = uow.meal_plans().create(user, "Plan")?;
            Ok((user, plan.plan_id, draft, factory::content("Plan", size, &ingredients)))
        })?;
        let mut author = Self { store, user, plan, content };
        let revision = author.fill((draft.draft_id, draft.revision), 0)?;
        author.commit_draft(store, (draft.draft_id, revision))?;
        Ok(author)
    }

    /// A draft of all of the plan, which differs from that of any other number.
    pub(crate) fn draft(&mut self, number: i64) -> Result<DraftAt> {
        let begun = self.begin()?;
        Ok((begun.0, self.fill(begun, number)?))
    }

    /// An empty draft on the active version.
    pub(crate) fn begin(&self) -> Result<DraftAt> {
        self.store.write(|uow| {
            let sql = "INSERT INTO draft_plans (user_id, plan_id, name, base_version_id, \
                                                seen_version_number) \
                       SELECT $1, plan_id, name, plan_version_id, \
                              (SELECT coalesce(max(version_number), 0) FROM plan_versions v \
                                WHERE v.plan_id = a.plan_id) \
                         FROM active_plans a WHERE plan_id = $2 \
                       RETURNING draft_id, revision";
            Ok(Statement::<(BigInt, BigInt)>::new(sql)
                .bind::<Uuid, _>(self.user)
                .bind::<BigInt, _>(self.plan)
                .get_result(uow.connection())?)
        })
    }

    pub(crate) fn fill(&mut self, draft: DraftAt, number: i64) -> Result<Revision> {
        self.content.meals[0].sections[0].lines[0].quantity_g = number.into();
        self.put(draft, &self.content)
    }

    pub(crate) fn empty(&self, draft: DraftAt) -> Result<Revision> {
        self.put(draft, &Content { name: self.content.name.clone(), meals: Vec::new() })
    }

    fn put(&self, (draft, revision): DraftAt, content: &Content) -> Result<Revision> {
        let put = |uow: &mut UnitOfWork<'_>| {
            uow.meal_plan_drafts(self.user).put(draft, revision, content)
        };
        self.store.write(put)
    }

    /// How long the commit of such a draft takes.
    pub(crate) fn commit(&mut self, number: i64) -> Result<Duration> {
        let draft = self.draft(number)?;
        self.commit_draft(self.store, draft)
    }

    /// The same by way of another store.
    pub(crate) fn commit_draft(
        &self,
        store: &Store,
        (draft, revision): DraftAt,
    ) -> Result<Duration> {
        let message = Message::new("A trial");
        let start = Instant::now();
        let committed =
            store.write(|uow| uow.meal_plan_drafts(self.user).commit(draft, revision, &message))?;
        let took = start.elapsed();
        assert!(matches!(committed, Committed::Version(_)), "the draft has changed nothing");
        Ok(took)
    }
}
