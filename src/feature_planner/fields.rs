//! The rules of the fields of an input, each named with its place where there are several.

use serde_json::Value;

use super::usage::MAX_JSON;
use crate::error::{Error, Result};
use crate::input;

/// Checks fields of this entity.
pub(super) struct Fields {
    entity: &'static str,
    place: String,
}

impl Fields {
    pub(super) const fn of(entity: &'static str) -> Self {
        Self { entity, place: String::new() }
    }

    /// The fields of one of several: of `steps` the third is `steps[2]`.
    pub(super) fn nth(entity: &'static str, list: &str, nth: usize) -> Self {
        Self { entity, place: format!("{list}[{nth}].") }
    }

    fn broken(&self, field: &str, why: impl Into<String>) -> Error {
        Error::invalid(self.entity, format!("{}{field}", self.place), why)
    }

    pub(super) fn name(&self, field: &str, value: &str, limit: usize) -> Result<()> {
        input::name(value, limit).map_err(|why| self.broken(field, why))
    }

    pub(super) fn name_if(&self, field: &str, value: Option<&str>, limit: usize) -> Result<()> {
        value.map_or(Ok(()), |value| self.name(field, value, limit))
    }

    pub(super) fn text(&self, field: &str, value: &str, limit: usize) -> Result<()> {
        input::text(value, limit).map_err(|why| self.broken(field, why))
    }

    pub(super) fn text_if(&self, field: &str, value: Option<&str>, limit: usize) -> Result<()> {
        value.map_or(Ok(()), |value| self.text(field, value, limit))
    }

    pub(super) fn json_if(&self, field: &str, value: Option<&Value>) -> Result<()> {
        let checked = value.map_or(Ok(()), |value| input::json(value, MAX_JSON));
        checked.map_err(|why| self.broken(field, why))
    }

    pub(super) fn not_negative(&self, field: &str, value: i32) -> Result<()> {
        if value < 0 { Err(self.broken(field, "must not be negative")) } else { Ok(()) }
    }

    pub(super) fn positive_if(&self, field: &str, value: Option<i32>) -> Result<()> {
        match value {
            Some(value) if value < 1 => Err(self.broken(field, "must be positive")),
            _ => Ok(()),
        }
    }
}
