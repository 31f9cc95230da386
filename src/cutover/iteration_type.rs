//! What iterations are for.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

use super::explained;
use super::schema::iteration_types_itt;
use crate::error::{Error, Result};
use crate::input;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::IterationType";

/// The most characters of a type's code.
pub const MAX_TYPE_CODE: usize = 10;

/// The most characters of a type's name.
pub const MAX_TYPE_NAME: usize = 100;

/// The most characters of a type's description.
pub const MAX_TYPE_DESCRIPTION: usize = 10_000;

/// The key of an [`IterationType`], such as `CUTOVER`: 1 to 10 characters that are not blank.
///
/// # Example
///
/// ```
/// use planwright::cutover::IterationTypeCode;
///
/// assert_eq!("CUTOVER".parse::<IterationTypeCode>()?, IterationTypeCode::cutover());
/// assert!("A LONGER ONE".parse::<IterationTypeCode>().is_err());
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DieselNewType,
)]
#[serde(try_from = "String", into = "String")]
pub struct IterationTypeCode(String);

impl IterationTypeCode {
    /// `RUN`: a plan is run through, without a cutover.
    pub fn run() -> Self {
        Self("RUN".to_owned())
    }

    /// `DR`, a dress rehearsal: the cutover is rehearsed under its real conditions.
    pub fn dress_rehearsal() -> Self {
        Self("DR".to_owned())
    }

    /// `CUTOVER`: the business goes over.
    pub fn cutover() -> Self {
        Self("CUTOVER".to_owned())
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IterationTypeCode {
    type Error = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`] for a code that no type can have.
    fn try_from(code: String) -> Result<Self> {
        input::name(&code, MAX_TYPE_CODE).map_err(|why| Error::invalid(ENTITY, "itt_code", why))?;
        Ok(Self(code))
    }
}

impl FromStr for IterationTypeCode {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self> {
        code.to_owned().try_into()
    }
}

impl From<IterationTypeCode> for String {
    fn from(code: IterationTypeCode) -> Self {
        code.0
    }
}

impl fmt::Display for IterationTypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What an iteration is for. `RUN`, `DR` and `CUTOVER` are there from the start; hosts add theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = iteration_types_itt)]
pub struct IterationType {
    /// The key.
    pub itt_code: IterationTypeCode,
    /// What people call it.
    pub itt_name: String,
    /// What such an iteration is for.
    pub itt_description: Option<String>,
    /// Its place in lists.
    pub display_order: i32,
    /// Whether new iterations may have it.
    pub active: bool,
}

/// A type to create. It is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIterationType {
    /// The key.
    pub itt_code: IterationTypeCode,
    /// What people call it: 1 to 100 characters.
    pub itt_name: String,
    /// What such an iteration is for: at most 10,000 characters.
    #[serde(default)]
    pub itt_description: Option<String>,
    /// Its place in lists.
    #[serde(default)]
    pub display_order: i32,
}

impl NewIterationType {
    /// A type without description, at place 0.
    pub fn new(itt_code: IterationTypeCode, itt_name: impl Into<String>) -> Self {
        Self { itt_code, itt_name: itt_name.into(), itt_description: None, display_order: 0 }
    }

    /// Checks every rule of [`create`](IterationTypeRepository::create) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        check("cutover::NewIterationType", &self.itt_name, self.itt_description.as_deref())
    }
}

/// What a type shall say of itself: all of it, so begin with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IterationTypeUpdate {
    /// What people call it: 1 to 100 characters.
    pub itt_name: String,
    /// What such an iteration is for: at most 10,000 characters.
    pub itt_description: Option<String>,
    /// Its place in lists.
    pub display_order: i32,
}

impl From<&IterationType> for IterationTypeUpdate {
    /// One that changes nothing.
    fn from(stored: &IterationType) -> Self {
        Self {
            itt_name: stored.itt_name.clone(),
            itt_description: stored.itt_description.clone(),
            display_order: stored.display_order,
        }
    }
}

impl IterationTypeUpdate {
    /// Checks every rule of [`update`](IterationTypeRepository::update) that needs no database.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    pub fn validate(&self) -> Result<()> {
        check("cutover::IterationTypeUpdate", &self.itt_name, self.itt_description.as_deref())
    }
}

fn check(entity: &'static str, name: &str, description: Option<&str>) -> Result<()> {
    input::name(name, MAX_TYPE_NAME).map_err(|why| Error::invalid(entity, "itt_name", why))?;
    input::text(description.unwrap_or_default(), MAX_TYPE_DESCRIPTION)
        .map_err(|why| Error::invalid(entity, "itt_description", why))
}

/// Which types to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct IterationTypeFilter {
    active: Option<bool>,
}

impl IterationTypeFilter {
    /// Every type.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only types that new iterations may have, or only the others.
    pub fn active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }
}

impl UnitOfWork<'_> {
    /// What iterations are for.
    pub fn iteration_types(&mut self) -> IterationTypeRepository<'_> {
        IterationTypeRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`IterationType`]s.
#[derive(Debug)]
pub struct IterationTypeRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl IterationTypeRepository<'_> {
    /// The type with this code, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, code: &IterationTypeCode) -> Result<Option<IterationType>> {
        Ok(IterationType::query().find(code).first(self.uow.connection()).optional()?)
    }

    /// The type with this code.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, code: &IterationTypeCode) -> Result<IterationType> {
        self.find(code)?.ok_or_else(|| Error::not_found(ENTITY, code))
    }

    /// The types in the order in which they are shown, then by code. A host has a handful, so there
    /// are no pages.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn list(&mut self, filter: &IterationTypeFilter) -> Result<Vec<IterationType>> {
        let mut query = IterationType::query()
            .order((iteration_types_itt::display_order, iteration_types_itt::itt_code))
            .into_boxed();
        if let Some(active) = filter.active {
            query = query.filter(iteration_types_itt::active.eq(active));
        }
        Ok(query.load(self.uow.connection())?)
    }

    /// Stores a type, which new iterations may have from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::Constraint`] where there is one
    /// with this code.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use planwright::cutover::{IterationTypeCode, NewIterationType};
    /// # fn f(store: &planwright::Store) -> planwright::Result<()> {
    /// let code: IterationTypeCode = "FALLBACK".parse()?;
    /// let new = NewIterationType { display_order: 4, ..NewIterationType::new(code, "Way back") };
    /// store.write(|uow| uow.iteration_types().create(&new))?;
    /// # Ok(()) }
    /// ```
    pub fn create(&mut self, new: &NewIterationType) -> Result<IterationType> {
        new.validate()?;
        diesel::insert_into(iteration_types_itt::table)
            .values((
                iteration_types_itt::itt_code.eq(&new.itt_code),
                iteration_types_itt::itt_name.eq(&new.itt_name),
                iteration_types_itt::itt_description.eq(&new.itt_description),
                iteration_types_itt::display_order.eq(new.display_order),
            ))
            .returning(IterationType::as_returning())
            .get_result(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))
    }

    /// Changes what a type says of itself. Iterations that have it keep it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a field that breaks its rule; [`Error::NotFound`] where there is none
    /// with this code.
    pub fn update(
        &mut self,
        code: &IterationTypeCode,
        update: &IterationTypeUpdate,
    ) -> Result<IterationType> {
        update.validate()?;
        let changed = diesel::update(iteration_types_itt::table.find(code))
            .set((
                iteration_types_itt::itt_name.eq(&update.itt_name),
                iteration_types_itt::itt_description.eq(&update.itt_description),
                iteration_types_itt::display_order.eq(update.display_order),
            ))
            .returning(IterationType::as_returning())
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        changed.ok_or_else(|| Error::not_found(ENTITY, code))
    }

    /// Says whether new iterations may have a type. Iterations that have it keep it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this code.
    pub fn set_active(&mut self, code: &IterationTypeCode, active: bool) -> Result<IterationType> {
        let changed = diesel::update(iteration_types_itt::table.find(code))
            .set(iteration_types_itt::active.eq(active))
            .returning(IterationType::as_returning())
            .get_result(self.uow.connection())
            .optional()?;
        changed.ok_or_else(|| Error::not_found(ENTITY, code))
    }

    /// Deletes a type that no iteration has.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none with this code; [`Error::Constraint`] while
    /// iterations have it: [inactive](Self::set_active) it can be.
    pub fn delete(&mut self, code: &IterationTypeCode) -> Result<()> {
        let gone = diesel::delete(iteration_types_itt::table.find(code))
            .execute(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if gone == 0 { Err(Error::not_found(ENTITY, code)) } else { Ok(()) }
    }
}
