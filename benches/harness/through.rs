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

/// The round trips of a job once its statements are prepared. It is run twice, with the numbers 0
/// and 1, on a store whose pool has one connection.
pub(crate) fn round_trips(
    database: &TestDatabase,
    job: impl Fn(&Store, i64) -> planwright::Result<()>,
) -> Outcome<u64> {
    let proxy = FaultProxy::in_front_of(database.url())?;
    let url = proxy.url_for(database.url())?;
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1))?;
    job(&store, 0)?;
    proxy.set(Fault::None);
    job(&store, 1)?;
    Ok(proxy.requests())
}
