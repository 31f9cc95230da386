//! Databases by way of the proxy, which counts round trips and makes them longer.

use std::time::Duration;

use planwright::testing::{Fault, FaultProxy, TestDatabase};
use planwright::{Store, StoreOptions};

use super::Outcome;

/// A database as if it were 1 ms away.
pub(crate) struct Latency {
    pub(crate) url: String,
    pub(crate) store: Store,
    _proxy: FaultProxy,
}

impl Latency {
    pub(crate) fn of(database: &TestDatabase) -> Outcome<Self> {
        let proxy = FaultProxy::in_front_of(database.url())?;
        proxy.set_delay(Duration::from_micros(500));
        let url = proxy.url_for(database.url())?;
        let store = Store::connect(&url, &StoreOptions::default())?;
        Ok(Self { url, store, _proxy: proxy })
    }
}

/// The round trips of a job once its statements are prepared. It is run with the numbers 0 and 1.
pub(crate) fn round_trips(
    database: &TestDatabase,
    job: impl Fn(&Store, i64) -> planwright::Result<()>,
) -> Outcome<u64> {
    let mut number = 0..;
    let said = said(database, |store| job(store, number.next().unwrap_or_default()))?;
    Ok(said.len() as u64)
}

/// What a job says to the server once its statements are prepared, one text for each round trip. It
/// is run twice, on a store whose pool has one connection.
pub(crate) fn said(
    database: &TestDatabase,
    mut job: impl FnMut(&Store) -> planwright::Result<()>,
) -> Outcome<Vec<String>> {
    let proxy = FaultProxy::in_front_of(database.url())?;
    let url = proxy.url_for(database.url())?;
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1))?;
    job(&store)?;
    proxy.set(Fault::None);
    job(&store)?;
    Ok(proxy.trace().into_iter().map(|request| request.sql).collect())
}
