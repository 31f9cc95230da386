//! Full-text search over requests.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Float, Text, Uuid};
use serde::Serialize;

use super::{FeaturePlan, FeaturePlanRepository, FeaturePlanRow};
use crate::error::{Error, Result};
use crate::input;
use crate::statement::Statement;

const QUERY: &str = "feature_planner::search";

/// The most plans that a search gives.
pub const MAX_FOUND: u16 = 100;
/// The most characters of a query.
pub const MAX_QUERY: usize = 500;
/// What stands before a word of a [headline](FeaturePlanMatch::headline) that was asked for. No
/// request has it there.
pub const MARK: char = '\u{2}';
/// What stands behind such a word.
pub const MARK_END: char = '\u{3}';

/// A plan that a search has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeaturePlanMatch {
    /// The plan.
    pub plan: FeaturePlan,
    /// How well it matches: `ts_rank` of the request that matches better. The more, the better.
    pub rank: f32,
    /// Which of its requests matches better: the original one, where both match alike.
    pub matched: MatchedRequest,
    /// The part of that request where it matches, some 35 words, each that was asked for between
    /// [`MARK`] and [`MARK_END`].
    ///
    /// It is text, not HTML: escape it, and then put tags for the marks, which no escaping changes.
    pub headline: String,
}

/// A request of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedRequest {
    /// The request as it was made.
    Original,
    /// The request as the selected refinement says it.
    Refined,
}

impl FeaturePlanRepository<'_> {
    /// The user's plans of which a request matches, the original or the refined one: those that match
    /// best first, and of those that match alike the newest. One statement.
    ///
    /// The query is what people type into a search box, in English: words are found in each of their
    /// forms, `"…"` finds words that follow each other, `or` either side, and `-` excludes. Nothing
    /// matches a query of words alone that every text has, such as `the`. All of a query is looked for
    /// in one request. A rank is computed for each match, so a word that many plans have takes longer.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a query that is blank or has more than [`MAX_QUERY`] characters, and for a
    /// limit of none or more than [`MAX_FOUND`].
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::feature_planner::{MARK, MARK_END, NewFeaturePlan};
    /// # use planwright::feature_planner::factory;
    /// # use planwright::{Context, testing::TestDatabase};
    /// # let database = TestDatabase::new([Context::FeaturePlanner])?;
    /// # let store = database.store();
    /// # let user = store.write(factory::user)?;
    ///
    /// let new = NewFeaturePlan::new("Sort invoices by date, if date < today.");
    /// store.write(|uow| uow.feature_plans(user).create(&new))?;
    ///
    /// let found = store.read(|uow| uow.feature_plans(user).search("sorting -customer", 10))?;
    /// let escaped = found[0].headline.replace('&', "&amp;").replace('<', "&lt;");
    /// let html = escaped.replace(MARK, "<b>").replace(MARK_END, "</b>");
    /// assert_eq!(html, "<b>Sort</b> invoices by date, if date &lt; today.");
    /// # Ok::<(), planwright::Error>(())
    /// ```
    pub fn search(&mut self, query: &str, limit: u16) -> Result<Vec<FeaturePlanMatch>> {
        input::name(query, MAX_QUERY).map_err(|why| Error::invalid(QUERY, "query", why))?;
        if limit == 0 || limit > MAX_FOUND {
            return Err(Error::invalid(QUERY, "limit", format!("must be from 1 to {MAX_FOUND}")));
        }
        let found: Vec<(FeaturePlan, f32, bool, String)> =
            Statement::<(FeaturePlanRow, Float, Bool, Text)>::new(include_str!("search.sql"))
                .bind::<Text, _>(query)
                .bind::<Uuid, _>(self.user)
                .bind::<BigInt, _>(i64::from(limit))
                .load(self.uow.connection())?;
        let found = found.into_iter().map(|(plan, rank, is_refined, headline)| {
            let matched =
                if is_refined { MatchedRequest::Refined } else { MatchedRequest::Original };
            FeaturePlanMatch { plan, rank, matched, headline }
        });
        Ok(found.collect())
    }
}
