//! Attempts that hang.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text, Timestamptz, Uuid};
use serde::{Deserialize, Serialize};

use super::super::keys::{DiscoveryId, FeaturePlanId, GenerationId, RefinementId};
use super::super::time;
use super::FeaturePlanRepository;
use crate::error::{Error, Result};
use crate::key::{ByTime, Listed, Page};
use crate::statement::Statement;

/// The longest age that can be asked for: 36,500 days.
const OLDEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

/// The key of an attempt of whichever kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Attempt {
    /// To say precisely what a request asks for.
    Refinement(RefinementId),
    /// To find the files that a plan is about.
    Discovery(DiscoveryId),
    /// To plan the implementation.
    Generation(GenerationId),
}

impl Attempt {
    const fn uuid(self) -> uuid::Uuid {
        match self {
            Self::Refinement(id) => id.0,
            Self::Discovery(id) => id.0,
            Self::Generation(id) => id.0,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Refinement(_) => "refinement",
            Self::Discovery(_) => "discovery",
            Self::Generation(_) => "generation",
        };
        write!(f, "{kind} {}", self.uuid())
    }
}

/// How far an attempt is that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// It has not begun.
    Pending,
    /// It has begun.
    Processing,
}

/// An attempt that was made long ago and is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaleAttempt {
    /// Which one.
    pub attempt: Attempt,
    /// The plan that it is for.
    pub plan_id: FeaturePlanId,
    /// The agent.
    pub agent_id: String,
    /// How far it is.
    pub status: Unfinished,
    /// When it was made. When it began is not kept.
    pub created_at: DateTime<Utc>,
}

type Row = (String, uuid::Uuid, FeaturePlanId, String, bool, DateTime<Utc>);

impl FeaturePlanRepository<'_> {
    /// Attempts of every kind, for the user's plans, that are pending or processing and were made
    /// longer ago than this by the server's clock, the oldest first. One statement.
    ///
    /// Their agents may be gone, and nothing else ends them: fail them, or go on waiting. What has come
    /// to an end meanwhile is not failed.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows, or an age of more than 36,500 days.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use planwright::Page;
    /// use planwright::feature_planner::Attempt;
    /// # use planwright::feature_planner::factory;
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    ///
    /// let hour = Duration::from_secs(60 * 60);
    /// let stale = store.read(|uow| uow.feature_plans(user).stale(hour, Page::first(100)))?;
    /// for one in &stale.items {
    ///     match one.attempt {
    ///         Attempt::Refinement(id) => println!("{} refines since {}: {id}", one.agent_id, one.created_at),
    ///         other => println!("{other} of plan {}", one.plan_id),
    ///     }
    /// }
    /// # assert!(stale.items.is_empty());
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn stale(
        &mut self,
        older_than: Duration,
        page: Page<ByTime<Attempt>>,
    ) -> Result<Listed<StaleAttempt, ByTime<Attempt>>> {
        if older_than > OLDEST {
            let why = "must be at most 36500 days";
            return Err(Error::invalid("feature_planner::stale", "older_than", why));
        }
        let rows = page.fetch()?;
        let behind = time::behind(&page)?;
        let found: Vec<Row> = Statement::<(Text, Uuid, Uuid, Text, Bool, Timestamptz)>::new(
            include_str!("stale.sql"),
        )
        .bind::<Uuid, _>(self.user)
        .bind::<Double, _>(older_than.as_secs_f64())
        .bind::<Bool, _>(behind.is_none())
        .bind::<Timestamptz, _>(behind.map_or(DateTime::UNIX_EPOCH, |key| key.at))
        .bind::<Uuid, _>(behind.map_or(uuid::Uuid::nil(), |key| key.key.uuid()))
        .bind::<BigInt, _>(rows)
        .load(self.uow.connection())?;
        let found =
            found.into_iter().map(|(kind, id, plan_id, agent_id, is_processing, created_at)| {
                let attempt = match &*kind {
                    "refinement" => Attempt::Refinement(id.into()),
                    "discovery" => Attempt::Discovery(id.into()),
                    _ => Attempt::Generation(id.into()),
                };
                let status =
                    if is_processing { Unfinished::Processing } else { Unfinished::Pending };
                StaleAttempt { attempt, plan_id, agent_id, status, created_at }
            });
        Ok(page.cut(found.collect(), |one| ByTime { at: one.created_at, key: one.attempt }))
    }
}
