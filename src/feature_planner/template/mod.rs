//! Templates: steps that a user keeps, to put them into plans.

mod new;

pub use new::{NewTemplate, TemplateUpdate};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::explained;
use super::keys::TemplateId;
use super::schema::feature_planner::plan_step_templates::{self, dsl};
use super::step::MAX_CATEGORY;
use crate::error::{Error, Result};
use crate::input;
use crate::key::{Listed, Page, UserId};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "feature_planner::Template";

/// A step that a user keeps, to put it into plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = plan_step_templates)]
pub struct Template {
    /// The key.
    pub id: TemplateId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The title of the step.
    pub title: String,
    /// What kind of step it is.
    pub category: String,
    /// What the step is for.
    pub description: String,
    /// The step itself, in Markdown.
    pub content: String,
    /// How sure the author is of it: a label of [`ConfidenceLevel`](super::ConfidenceLevel), or what
    /// another writer has put there. The column is text.
    pub confidence_level: String,
    /// How long the work is expected to take, in words.
    pub estimated_duration: Option<String>,
    /// Commands of the step.
    pub commands: Option<Value>,
    /// Commands that show whether the step is done.
    pub validation_commands: Option<Value>,
    /// Whether others may see and use it.
    pub is_public: bool,
    /// How often it was put into a plan.
    pub usage_count: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last. To be used changes nothing.
    pub updated_at: DateTime<Utc>,
}

impl Template {
    /// Where it stands in the list.
    pub fn place(&self) -> TemplatePlace {
        TemplatePlace { usage_count: self.usage_count, id: self.id }
    }
}

/// The place of a template in the list: those that were used most come first, and then by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TemplatePlace {
    /// How often it was used.
    pub usage_count: i32,
    /// Its key.
    pub id: TemplateId,
}

/// Which templates to list, of those that the user may see. Conditions add up.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::TemplateFilter;
///
/// let shared_by_me = TemplateFilter::all().own().public().category("database");
/// # let _ = shared_by_me;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    category: Option<String>,
    own: bool,
    public: bool,
}

impl TemplateFilter {
    /// The user's own, and the public ones of others.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those of this category, as it is written.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Only the user's own.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.own = true;
        self
    }

    /// Only public ones.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }
}

impl UnitOfWork<'_> {
    /// The templates of this user, and the public ones of others.
    pub fn step_templates(&mut self, user: UserId) -> TemplateRepository<'_> {
        TemplateRepository { uow: self.reborrow(), user }
    }
}

/// Stores and reads [`Template`]s: a user sees their own and public ones, and changes their own.
#[derive(Debug)]
pub struct TemplateRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
    pub(super) user: UserId,
}

impl TemplateRepository<'_> {
    /// The template with this key, if it is the user's or public.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: TemplateId) -> Result<Option<Template>> {
        Ok(Template::query()
            .find(id)
            .filter(dsl::user_id.eq(self.user).or(dsl::is_public))
            .first(self.uow.connection())
            .optional()?)
    }

    /// The template with this key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none that is the user's or public.
    pub fn get(&mut self, id: TemplateId) -> Result<Template> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The user's own templates and public ones, those that were used most first. One statement.
    ///
    /// A template that is used between one page and the next moves forward in the list: it may then
    /// be missed, or be read twice.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows, or a category that no template can have.
    pub fn list(
        &mut self,
        filter: &TemplateFilter,
        page: Page<TemplatePlace>,
    ) -> Result<Listed<Template, TemplatePlace>> {
        let mut query = Template::query().limit(page.fetch()?).into_boxed();
        query = if filter.public && !filter.own {
            query.order((dsl::usage_count.desc(), dsl::id))
        } else {
            // Not in the order of an index over everybody's, which would be read in place of the user's.
            query.order(((dsl::usage_count + 0).desc(), dsl::id))
        };
        query = match (filter.own, filter.public) {
            (true, true) => query.filter(dsl::user_id.eq(self.user).and(dsl::is_public)),
            (true, false) => query.filter(dsl::user_id.eq(self.user)),
            (false, true) => query.filter(dsl::is_public),
            (false, false) => query.filter(dsl::user_id.eq(self.user).or(dsl::is_public)),
        };
        if let Some(TemplatePlace { usage_count, id }) = page.key() {
            let as_used = dsl::usage_count.eq(usage_count).and(dsl::id.gt(id));
            query = query.filter(dsl::usage_count.lt(usage_count).or(as_used));
        }
        if let Some(category) = &filter.category {
            input::text(category, MAX_CATEGORY).map_err(|why| {
                Error::invalid("feature_planner::TemplateFilter", "category", why)
            })?;
            query = query.filter(dsl::category.eq(category));
        }
        let found: Vec<Template> = query.load(self.uow.connection())?;
        Ok(page.cut(found, Template::place))
    }

    /// Stores a template of the user's, which was not used yet. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::Constraint`] where there is no
    /// such user.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{NewTemplate, TemplateFilter, factory};
    /// use planwright::Page;
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let (amy, ben) = store.write(|uow| Ok((factory::user(uow)?, factory::user(uow)?)))?;
    ///
    /// let mut new = NewTemplate::new("migration", "Write the migration", "database", "1. …");
    /// new.is_public = true;
    /// let made = store.write(|uow| uow.step_templates(amy).create(&new))?;
    ///
    /// let all = TemplateFilter::all();
    /// let seen = store.read(|uow| uow.step_templates(ben).list(&all, Page::first(50)))?;
    /// assert_eq!(seen.items, [made.clone()]);
    /// let refused = store.write(|uow| uow.step_templates(ben).delete(made.id)).unwrap_err();
    /// assert!(refused.is_not_found()); // of Ben's there is none
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn create(&mut self, new: &NewTemplate) -> Result<Template> {
        new.validate()?;
        diesel::insert_into(dsl::plan_step_templates)
            .values((
                dsl::id.eq(TemplateId::new()),
                dsl::user_id.eq(self.user),
                dsl::name.eq(&new.name),
                dsl::title.eq(&new.title),
                dsl::category.eq(&new.category),
                dsl::description.eq(&new.description),
                dsl::content.eq(&new.content),
                dsl::confidence_level.eq(new.confidence_level.label()),
                dsl::estimated_duration.eq(&new.estimated_duration),
                dsl::commands.eq(&new.commands),
                dsl::validation_commands.eq(&new.validation_commands),
                dsl::is_public.eq(new.is_public),
            ))
            .returning(Template::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Changes a template of the user's. Steps that were made from it stay as they are. One statement;
    /// of two callers the last one wins.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where it is not the
    /// user's own: a public one of somebody else's can be read and used, and nothing more.
    pub fn update(&mut self, id: TemplateId, update: &TemplateUpdate) -> Result<Template> {
        update.validate()?;
        diesel::update(dsl::plan_step_templates.find(id).filter(dsl::user_id.eq(self.user)))
            .set((
                dsl::name.eq(&update.name),
                dsl::title.eq(&update.title),
                dsl::category.eq(&update.category),
                dsl::description.eq(&update.description),
                dsl::content.eq(&update.content),
                update.confidence_level.map(|level| dsl::confidence_level.eq(level.label())),
                dsl::estimated_duration.eq(&update.estimated_duration),
                dsl::commands.eq(&update.commands),
                dsl::validation_commands.eq(&update.validation_commands),
                dsl::is_public.eq(update.is_public),
                dsl::updated_at.eq(diesel::dsl::now),
            ))
            .returning(Template::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?
            .ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// Deletes a template of the user's. Steps that were made from it stay, without it. Its lock, and
    /// one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where it is not the user's own, as for [`update`](Self::update).
    pub fn delete(&mut self, id: TemplateId) -> Result<()> {
        // Who is just making a step from it is waited for, so that the step is seen.
        let held: Option<TemplateId> = dsl::plan_step_templates
            .find(id)
            .filter(dsl::user_id.eq(self.user))
            .select(dsl::id)
            .for_update()
            .first(self.uow.connection())
            .optional()?;
        held.ok_or_else(|| Error::not_found(ENTITY, id))?;
        Statement::<Uuid>::new(include_str!("delete.sql"))
            .bind::<Uuid, _>(id)
            .get_result::<TemplateId>(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
            .map(drop)
    }
}
