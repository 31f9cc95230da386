//! The log of a feature plan as a tree: calls below the calls that made them.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::super::keys::FeaturePlanId;
use super::super::plan;
use super::super::schema::feature_planner::{feature_plans, plan_execution_logs};
use super::{ExecutionLog, ExecutionLogRepository};
use crate::error::{Error, Result};

/// An entry, and where it is in the tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogNode {
    /// The entry.
    pub entry: ExecutionLog,
    /// How many entries it is below: 0 for a root.
    pub depth: usize,
}

impl ExecutionLogRepository<'_> {
    /// The whole log of a plan as a tree, written down from above: each entry is followed by those below
    /// it, which are one deeper, and siblings stand in the order in which they began. One statement.
    ///
    /// It is flat, so that a log however deep can be walked, shown and dropped. An entry whose parent is
    /// not there or is of another plan, as live data may have it, is a root; so is, of entries that are
    /// below each other in a circle, the one that began first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan.
    ///
    /// # Example
    ///
    /// ```
    /// # use planwright::feature_planner::{ExecutionStep, NewExecutionLog, PlanStatus, factory};
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    /// # let plan = store.write(|uow| factory::plan(uow, user, PlanStatus::Discovering))?;
    /// # let begin = "2027-05-01T10:00:00Z".parse()?;
    /// # let search = NewExecutionLog::new(ExecutionStep::Discovery, "file finder", begin);
    /// # let read = NewExecutionLog::new(ExecutionStep::Discovery, "reader", begin).below(&search);
    /// # let entries = [search, read];
    /// # store.write(|uow| uow.execution_logs(user).append(plan, &entries))?;
    /// let tree = store.read(|uow| uow.execution_logs(user).tree(plan))?;
    /// let lines: Vec<_> = tree
    ///     .iter()
    ///     .map(|node| format!("{}{}", "  ".repeat(node.depth), node.entry.agent_type))
    ///     .collect();
    /// assert_eq!(lines, ["file finder", "  reader"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tree(&mut self, plan: FeaturePlanId) -> Result<Vec<LogNode>> {
        let found: Vec<Option<ExecutionLog>> = feature_plans::table
            .left_join(plan_execution_logs::table)
            .filter(feature_plans::id.eq(plan))
            .filter(feature_plans::user_id.eq(self.user))
            .order((plan_execution_logs::start_time, plan_execution_logs::id))
            .select(Option::<ExecutionLog>::as_select())
            .load(self.uow.connection())?;
        if found.is_empty() {
            return Err(Error::not_found(plan::ENTITY, plan));
        }
        Ok(arranged(found.into_iter().flatten().collect()))
    }
}

/// The entries from above, as they stand in their order.
fn arranged(entries: Vec<ExecutionLog>) -> Vec<LogNode> {
    let places: HashMap<_, _> =
        entries.iter().enumerate().map(|(place, entry)| (entry.id, place)).collect();
    let parents: Vec<Option<usize>> = entries
        .iter()
        .map(|entry| entry.parent_log_id.and_then(|parent| places.get(&parent).copied()))
        .collect();
    let mut children = vec![Vec::new(); entries.len()];
    let is_root = roots(&parents);
    // From behind, as what is put last upon a stack comes first.
    let mut open = Vec::new();
    for place in (0..entries.len()).rev() {
        match parents[place] {
            Some(parent) if !is_root[place] => children[parent].push(place),
            _ => open.push((place, 0)),
        }
    }
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    let mut nodes = Vec::with_capacity(entries.len());
    while let Some((place, depth)) = open.pop() {
        open.extend(children[place].iter().map(|child| (*child, depth + 1)));
        nodes.extend(entries[place].take().map(|entry| LogNode { entry, depth }));
    }
    nodes
}

/// Which are roots: those without a parent, and the first of each circle.
fn roots(parents: &[Option<usize>]) -> Vec<bool> {
    let mut is_root: Vec<_> = parents.iter().map(Option::is_none).collect();
    // By whose walk up each was seen.
    let mut seen = vec![None; parents.len()];
    for from in 0..parents.len() {
        let mut at = from;
        while seen[at].is_none() {
            seen[at] = Some(from);
            let Some(parent) = parents[at] else { break };
            at = parent;
        }
        // Back at a place of this walk that is no root: a circle, which none has walked before.
        if seen[at] == Some(from) && !is_root[at] {
            let (mut first, mut next) = (at, parents[at]);
            while let Some(place) = next.filter(|place| *place != at) {
                first = first.min(place);
                next = parents[place];
            }
            is_root[first] = true;
        }
    }
    is_root
}
