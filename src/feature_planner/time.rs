//! Times that callers give, and lists by time.

use chrono::{DateTime, Datelike, Utc};

use crate::error::{Error, Result};
use crate::key::{ByTime, Page};

/// Refuses times that only one of Rust and PostgreSQL has, and with them what nobody means.
pub(super) fn check(time: DateTime<Utc>) -> Result<(), String> {
    if (1..=9999).contains(&time.year()) {
        Ok(())
    } else {
        Err("must be in the years 1 to 9999".to_owned())
    }
}

/// The place that a page of a list by time begins behind.
pub(super) fn behind<K: Copy>(page: &Page<ByTime<K>>) -> Result<Option<ByTime<K>>> {
    let Some(key) = page.key() else { return Ok(None) };
    check(key.at).map_err(|why| Error::invalid("Page", "at", why))?;
    Ok(Some(key))
}
