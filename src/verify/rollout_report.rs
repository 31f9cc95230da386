//! What a rollout tells.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::fingerprint::Comparison;
use crate::error::Result;

/// The receipt of a [`Rollout`](super::Rollout). Prints as a checklist, without times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RolloutReport {
    /// What was done, in this order.
    pub stages: Vec<Stage>,
    /// From the first look to the last. In milliseconds where it is serialised.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
}

impl RolloutReport {
    /// Whether everything is applied and as it should be.
    pub fn succeeded(&self) -> bool {
        self.stages.iter().all(|stage| stage.result != StageResult::Failed)
    }
}

/// A stage of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stage {
    /// Such as `drift before`.
    pub name: &'static str,
    /// How it ended.
    pub result: StageResult,
    /// What it has found or done.
    pub lines: Vec<String>,
}

/// How a [`Stage`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageResult {
    /// As it should be.
    Done,
    /// Not as it should be.
    Failed,
    /// There was nothing to do, or it was not asked for.
    Skipped,
}

impl Stage {
    pub(super) fn done(name: &'static str, lines: &[String]) -> Self {
        Self { name, result: StageResult::Done, lines: lines.to_vec() }
    }

    pub(super) fn failed(name: &'static str, lines: &[String]) -> Self {
        Self { name, result: StageResult::Failed, lines: lines.to_vec() }
    }

    pub(super) fn skipped(name: &'static str, why: &str) -> Self {
        Self { name, result: StageResult::Skipped, lines: vec![why.to_owned()] }
    }

    pub(super) fn of(good: bool, name: &'static str, lines: &[String]) -> Self {
        if good { Self::done(name, lines) } else { Self::failed(name, lines) }
    }
}

/// The stages so far.
#[derive(Debug, Default)]
pub(super) struct Stages(Vec<Stage>);

impl Stages {
    pub(super) fn add(&mut self, stage: Stage) {
        self.0.push(stage);
    }

    /// Whether it is good. What could not be found out is not.
    pub(super) fn good_or_failed(&mut self, name: &'static str, good: Result<bool>) -> bool {
        good.unwrap_or_else(|error| {
            self.add(Stage::failed(name, &[error.in_full()]));
            false
        })
    }

    /// Adds a comparison. Whether nothing differs.
    pub(super) fn compared(&mut self, name: &'static str, comparison: &Comparison) -> bool {
        let lines: Vec<_> = comparison.to_string().lines().map(str::to_owned).collect();
        self.add(Stage::of(comparison.is_equal(), name, &lines));
        comparison.is_equal()
    }

    pub(super) fn report(self, duration: Duration) -> RolloutReport {
        RolloutReport { stages: self.0, duration }
    }
}

impl fmt::Display for RolloutReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Stage { name, result, lines } in &self.stages {
            let mark = match result {
                StageResult::Done => "[x]",
                StageResult::Failed => "[ ]",
                StageResult::Skipped => "[-]",
            };
            writeln!(f, "{mark} {name}")?;
            for line in lines {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

fn milliseconds<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
