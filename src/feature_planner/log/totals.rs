//! What the log of a feature plan sums up to.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Uuid};
use serde::Serialize;

use super::super::keys::FeaturePlanId;
use super::super::labels::ExecutionStep;
use super::super::plan;
use super::super::schema::feature_planner::sql_types;
use super::ExecutionLogRepository;
use crate::error::{Error, Result};
use crate::statement::Statement;

/// What the log of a plan sums up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogTotals {
    /// By part of the work: each of them, with zeros where it has no entry.
    pub by_step: BTreeMap<ExecutionStep, LogSums>,
    /// All together.
    pub all: LogSums,
}

/// Sums over entries of a log. What an entry does not tell counts as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LogSums {
    /// How many entries there are.
    pub entries: i64,
    /// How many of them failed.
    pub failed: i64,
    /// How many tokens were read.
    pub prompt_tokens: i64,
    /// How many tokens were written.
    pub completion_tokens: i64,
    /// How many tokens were paid for: what an entry says, or else what it read and wrote.
    pub total_tokens: i64,
    /// How many tokens were put into the cache.
    pub cache_creation_tokens: i64,
    /// How many tokens came from the cache.
    pub cache_read_tokens: i64,
    /// How long the calls took, in milliseconds. A call and those that it made count each.
    pub duration_ms: i64,
}

impl LogSums {
    fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.failed += other.failed;
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.total_tokens += other.total_tokens;
        self.cache_creation_tokens += other.cache_creation_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.duration_ms += other.duration_ms;
    }
}

type RowType = (
    Nullable<sql_types::ExecutionStep>,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
);
type Row = (Option<ExecutionStep>, i64, i64, i64, i64, i64, i64, i64, i64);

impl ExecutionLogRepository<'_> {
    /// What the log of a plan sums up to: entries, tokens and time, by part of the work and together.
    /// One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such plan.
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
    /// # let begin = "2027-05-01T10:00:00Z".parse()?;
    ///
    /// let mut entry = NewExecutionLog::new(ExecutionStep::Discovery, "file finder", begin);
    /// entry.prompt_tokens = Some(1_200);
    /// entry.completion_tokens = Some(300);
    /// let entries = [entry];
    /// store.write(|uow| uow.execution_logs(user).append(plan, &entries))?;
    ///
    /// let totals = store.read(|uow| uow.execution_logs(user).totals(plan))?;
    /// assert_eq!(totals.by_step[&ExecutionStep::Discovery].total_tokens, 1_500);
    /// assert_eq!(totals.by_step[&ExecutionStep::Planning].entries, 0);
    /// assert_eq!(totals.all.entries, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn totals(&mut self, plan: FeaturePlanId) -> Result<LogTotals> {
        let rows: Vec<Row> = Statement::<RowType>::new(include_str!("totals.sql"))
            .bind::<Uuid, _>(plan)
            .bind::<Uuid, _>(self.user)
            .load(self.uow.connection())?;
        if rows.is_empty() {
            return Err(Error::not_found(plan::ENTITY, plan));
        }
        let none = ExecutionStep::ALL.iter().map(|step| (*step, LogSums::default()));
        let mut by_step: BTreeMap<_, _> = none.collect();
        let mut all = LogSums::default();
        for (step, entries, failed, prompt, completion, total, creation, read, duration) in rows {
            let Some(step) = step else { continue };
            let sums = LogSums {
                entries,
                failed,
                prompt_tokens: prompt,
                completion_tokens: completion,
                total_tokens: total,
                cache_creation_tokens: creation,
                cache_read_tokens: read,
                duration_ms: duration,
            };
            all.add(&sums);
            by_step.insert(step, sums);
        }
        Ok(LogTotals { by_step, all })
    }
}
