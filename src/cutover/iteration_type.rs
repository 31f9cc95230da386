//! What iterations are for.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

use super::schema::iteration_types_itt;
use crate::error::{Error, Result};
use crate::input;
use crate::unit_of_work::UnitOfWork;

pub(super) const ENTITY: &str = "cutover::IterationType";

/// The most characters of a type's code.
pub const MAX_TYPE_CODE: usize = 10;

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
}
