//! Looks at a server while others work.

use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

pub(crate) struct Waits {
    pub(crate) samples: usize,
    pub(crate) seen: i64,
}

/// Looks into `pg_locks` for locks of this database that are waited for, until the others are done.
pub(crate) fn locks(url: &str, done: impl Fn() -> bool) -> Waits {
    let mut watcher = PgConnection::establish(url).unwrap();
    let mut waits = Waits { samples: 0, seen: 0 };
    while !done() {
        waits.samples += 1;
        waits.seen += diesel::select(diesel::dsl::sql::<BigInt>(
            "(SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
               WHERE NOT granted AND datname = current_database())",
        ))
        .get_result::<i64>(&mut watcher)
        .unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    waits
}
