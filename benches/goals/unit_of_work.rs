//! A unit of work against the libpq calls that it consists of.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use planwright::testing::TestDatabase;
use planwright::{Store, UnitOfWork};

use super::input::{execute, server_version};
use crate::harness::{Figures, Goal, Outcome, Race, Ratio, round_trips, said, timed};

diesel::table! {
    note (id) {
        id -> BigInt,
        body -> Text,
    }
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\
    SET LOCAL statement_timeout=10000;SET LOCAL lock_timeout=2000;\
    SET LOCAL idle_in_transaction_session_timeout=20000;SET LOCAL planwright.actor='bench'";

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let database = TestDatabase::new([])?;
    let store = database.store();
    server_version(store, figures)?;
    execute(
        store,
        "CREATE TABLE note (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)",
    )?;
    let trips = round_trips(&database, |store, _| unit(store, insert))?;

    let said = said(&database, |store| unit(store, insert))?;
    let [begin, _, commit] = &said[..] else {
        return Err(format!("a unit of work says {said:?}").into());
    };
    let mut same = PgConnection::establish(database.url())?;
    let mut bare = PgConnection::establish(database.url())?;
    let calls = |conn: &mut PgConnection, begin: &str, commit: &str| {
        timed(|| {
            conn.batch_execute(begin)?;
            note(conn)?;
            conn.batch_execute(commit)
        })
    };
    let [ours, same, bare] = Race::new()
        .enter("unit of work", |_| timed(|| unit(store, insert)))
        .enter("the same three calls of libpq", |_| calls(&mut same, begin, commit))
        .enter("three calls without its checks", |_| calls(&mut bare, BEGIN, "COMMIT"))
        .run(200, 20)?;
    let what = "begin, insert, commit";
    figures.ratio(what, Ratio::cost(&ours, &same), Goal::AtMost(1.15), Some((trips, 3)));
    figures.ratio(what, Ratio::cost(&ours, &bare), Goal::None, Some((trips, 3)));
    figures.number("its round trips", trips as f64, "", Goal::Exactly(3.0));
    Ok(())
}

fn unit(
    store: &Store,
    f: impl FnMut(&mut UnitOfWork<'_>) -> planwright::Result<()>,
) -> planwright::Result<()> {
    store
        .transaction()
        .statement_timeout(Duration::from_secs(10))
        .lock_timeout(Duration::from_secs(2))
        .idle_in_transaction_timeout(Duration::from_secs(20))
        .actor("bench")
        .run(f)
}

fn insert(uow: &mut UnitOfWork<'_>) -> planwright::Result<()> {
    Ok(note(uow.connection())?)
}

/// Diesel prepares it once.
fn note(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::insert_into(note::table).values(note::body.eq("a note")).execute(conn)?;
    Ok(())
}
