//! How the log of a feature plan grows.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};

use super::super::keys::{ExecutionLogId, FeaturePlanId};
use super::super::schema::feature_planner::plan_execution_logs;
use super::super::{explained, plan};
use super::new::{INPUT, NewExecutionLog};
use super::{ENTITY, ExecutionLog, ExecutionLogRepository, ExecutionLogRow};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// The most entries of one call.
pub const MAX_LOG_ENTRIES: usize = 1_000;
/// The most bytes that the texts and the metadata of one call's entries have together.
pub const MAX_LOG_BYTES: usize = 64_000_000;

/// Checks the entries, and gives the parents that are not among them, each with the first entry that
/// names it.
fn check(entries: &[NewExecutionLog]) -> Result<Vec<(usize, ExecutionLogId)>> {
    let invalid = |field: String, why: String| Err(Error::invalid(INPUT, field, why));
    if entries.len() > MAX_LOG_ENTRIES {
        return invalid("entries".into(), format!("must be at most {MAX_LOG_ENTRIES}"));
    }
    let mut places = HashMap::new();
    let mut bytes = 0;
    for (place, entry) in entries.iter().enumerate() {
        if let Err((field, why)) = entry.check() {
            return invalid(format!("entries[{place}].{field}"), why);
        }
        if let Some(before) = places.insert(entry.id, place) {
            return invalid(
                format!("entries[{place}].id"),
                format!("is that of entries[{before}]"),
            );
        }
        bytes += entry.bytes();
    }
    if bytes > MAX_LOG_BYTES {
        return invalid(
            "entries".into(),
            format!("must have at most {MAX_LOG_BYTES} bytes of text and metadata"),
        );
    }
    let mut outside = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let Some(parent) = entry.parent_log_id else { continue };
        match places.get(&parent) {
            Some(before) if *before < place => {}
            Some(behind) => {
                let why = format!("is that of entries[{behind}], which does not stand before it");
                return invalid(format!("entries[{place}].parent_log_id"), why);
            }
            None => outside.push((place, parent)),
        }
    }
    Ok(outside)
}

impl ExecutionLogRepository<'_> {
    /// Appends entries to the log of a plan, and gives them as they are stored, in the same order. One
    /// statement, however many; one or two more where it is refused. None for no entries, whatever the
    /// plan.
    ///
    /// `step_number` follows from the step: 1 refinement, 2 discovery, 3 planning. An entry may stand
    /// below one that is stored, or below one before it.
    ///
    /// # Errors
    ///
    /// * [`Error::Invalid`] for a field that breaks its rule, with the place of the entry; for a key that
    ///   is given twice, a parent that stands at or behind its child, and more than
    ///   [`MAX_LOG_ENTRIES`] or [`MAX_LOG_BYTES`].
    /// * [`Error::NotFound`] where the user has no such plan, or the plan has no such entry as a parent,
    ///   with the place of the child.
    /// * [`Error::Constraint`] where an entry with such a key is stored.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{ExecutionStep, NewExecutionLog, PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// # let plan = store.write(|uow| factory::plan(uow, user, PlanStatus::Discovering))?;
    ///
    /// let (begin, end) = ("2027-05-01T10:00:00Z".parse()?, "2027-05-01T10:00:02.5Z".parse()?);
    /// let search = NewExecutionLog::new(ExecutionStep::Discovery, "file finder", begin);
    /// let mut read = NewExecutionLog::new(ExecutionStep::Discovery, "reader", begin).below(&search);
    /// read.end_time = Some(end);
    ///
    /// let entries = [search, read];
    /// let stored = store.write(|uow| uow.execution_logs(user).append(plan, &entries))?;
    /// assert_eq!(stored[1].parent_log_id, Some(stored[0].id));
    /// assert_eq!(stored[1].duration_ms, Some(2_500));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn append(
        &mut self,
        plan: FeaturePlanId,
        entries: &[NewExecutionLog],
    ) -> Result<Vec<ExecutionLog>> {
        let outside = check(entries)?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        /// A column of the entries.
        macro_rules! column {
            ($($path:tt)+) => { entries.iter().map(|entry| entry$($path)+).collect::<Vec<_>>() };
        }
        let parents: Vec<_> = outside.iter().map(|(_, parent)| *parent).collect();
        let made: Vec<ExecutionLog> = Statement::<ExecutionLogRow>::new(include_str!("append.sql"))
            .bind::<Array<Uuid>, _>(column!(.id))
            .bind::<Array<Nullable<Uuid>>, _>(column!(.parent_log_id))
            .bind::<Array<Text>, _>(column!(.step.label()))
            .bind::<Array<Integer>, _>(column!(.step_number()))
            .bind::<Array<Text>, _>(column!(.agent_type.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column!(.agent_model.as_deref()))
            .bind::<Array<Integer>, _>(column!(.agent_level))
            .bind::<Array<Nullable<Text>>, _>(column!(.session_id.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column!(.parent_tool_use_id.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column!(.input_prompt.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column!(.agent_response.as_deref()))
            .bind::<Array<Timestamptz>, _>(column!(.start_time))
            .bind::<Array<Nullable<Timestamptz>>, _>(column!(.end_time))
            .bind::<Array<Nullable<Integer>>, _>(column!(.duration()))
            .bind::<Array<Nullable<Integer>>, _>(column!(.prompt_tokens))
            .bind::<Array<Nullable<Integer>>, _>(column!(.completion_tokens))
            .bind::<Array<Nullable<Integer>>, _>(column!(.total_tokens))
            .bind::<Array<Nullable<Integer>>, _>(column!(.cache_creation_tokens))
            .bind::<Array<Nullable<Integer>>, _>(column!(.cache_read_tokens))
            .bind::<Array<Bool>, _>(column!(.is_success))
            .bind::<Array<Integer>, _>(column!(.retry_attempt))
            .bind::<Array<Nullable<Text>>, _>(column!(.error_message.as_deref()))
            .bind::<Array<Nullable<Jsonb>>, _>(column!(.metadata.as_ref()))
            .bind::<Uuid, _>(plan)
            .bind::<Uuid, _>(self.user)
            .bind::<Array<Uuid>, _>(parents)
            .bind::<Uuid, _>(plan)
            .load(self.uow.connection())
            .map_err(|error| explained(&self.uow, error))?;
        if made.is_empty() {
            plan::check_own(&mut self.uow, self.user, plan)?;
            return Err(self.astray(plan, &outside)?);
        }
        let mut by_key: HashMap<_, _> = made.into_iter().map(|entry| (entry.id, entry)).collect();
        Ok(entries.iter().filter_map(|entry| by_key.remove(&entry.id)).collect())
    }

    /// The refusal of the first parent that is no entry of the plan's.
    fn astray(
        &mut self,
        plan: FeaturePlanId,
        outside: &[(usize, ExecutionLogId)],
    ) -> Result<Error> {
        let parents = outside.iter().map(|(_, parent)| *parent);
        let stored: Vec<ExecutionLogId> = plan_execution_logs::table
            .filter(plan_execution_logs::id.eq_any(parents))
            .filter(plan_execution_logs::plan_id.eq(plan))
            .select(plan_execution_logs::id)
            .load(self.uow.connection())?;
        let first = outside.iter().find(|(_, parent)| !stored.contains(parent));
        Ok(match first {
            Some((place, parent)) => {
                Error::not_found(ENTITY, format!("entries[{place}].parent_log_id {parent}"))
            }
            None => {
                Error::conflict("feature_planner::FeaturePlan", plan, "its log has just changed")
            }
        })
    }
}
