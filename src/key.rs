//! Typed keys and keyset pages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Which part of a list to read: at most `limit` rows behind a key.
///
/// # Example
///
/// ```
/// use planwright::{Page, modelling::PlanId};
///
/// let first: Page<PlanId> = Page::first(100);
/// let next = Page::after(PlanId(4711), 100);
/// # let _ = (first, next);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<K> {
    after: Option<K>,
    limit: u16,
}

impl<K: Copy> Page<K> {
    /// The most rows of a page.
    pub const MAX: u16 = 1_000;

    /// The first rows of the list.
    pub fn first(limit: u16) -> Self {
        Self { after: None, limit }
    }

    /// The rows that follow the one with this key.
    pub fn after(key: K, limit: u16) -> Self {
        Self { after: Some(key), limit }
    }

    pub(crate) fn key(&self) -> Option<K> {
        self.after
    }

    /// One row more than the page has tells whether another page follows.
    pub(crate) fn fetch(&self) -> Result<i64> {
        if self.limit == 0 || self.limit > Self::MAX {
            return Err(Error::invalid("Page", "limit", "must be from 1 to 1000"));
        }
        Ok(i64::from(self.limit) + 1)
    }

    pub(crate) fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> K) -> Listed<T, K> {
        let limit = usize::from(self.limit);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Listed { items, next }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed<T, K> {
    /// The rows, in the order of the list.
    pub items: Vec<T>,
    /// The key of the last row where more follow, for [`Page::after`].
    pub next: Option<K>,
}

/// The place of a row in a list that is ordered by time: when it was made, and its key among those of
/// that moment.
///
/// # Example
///
/// ```
/// use planwright::feature_planner::FeaturePlan;
/// use planwright::{ByTime, Page};
///
/// fn behind(last: &FeaturePlan) -> Page<ByTime<planwright::feature_planner::FeaturePlanId>> {
///     Page::after(ByTime { at: last.created_at, key: last.id }, 50)
/// }
/// # let _ = behind;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ByTime<K> {
    /// When the row was made.
    pub at: DateTime<Utc>,
    /// Its key.
    pub key: K,
}

/// Declares keys that cannot be taken for one another.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, diesel_derive_newtype::DieselNewType,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(key: i64) -> Self {
                Self(key)
            }
        }
    )*};
}
pub(crate) use ids;

/// Declares keys that the client draws, as [`ids`] does those that the server draws.
macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, diesel_derive_newtype::DieselNewType,
        )]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new key: a UUID of version 7, which grows with time.
            #[allow(clippy::new_without_default)] // each is another
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(key: uuid::Uuid) -> Self {
                Self(key)
            }
        }
    )*};
}
pub(crate) use uuids;

uuids! {
    /// The key of a user, which the host keeps in `public.users`.
    UserId;
}
