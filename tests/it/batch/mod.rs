//! Jobs against a real server.

mod faults;
mod killed;
mod limits;
mod replica;
mod resume;
mod run;
mod runners;

use std::cell::RefCell;
use std::error::Error as _;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use planwright::batch::{Batch, Job, Progress, Runner, Verdict};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Result, Store, UnitOfWork};

use crate::support::number;

const NAME: &str = "trial.count";

/// A database with this many rows of work.
fn database(rows: u32) -> TestDatabase {
    let database = TestDatabase::new([Context::Core]).unwrap();
    let table = "CREATE TABLE work (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)";
    execute(&database, table);
    execute(&database, &format!("INSERT INTO work SELECT g FROM generate_series(1, {rows}) g"));
    database
}

fn connection(database: &TestDatabase) -> PgConnection {
    PgConnection::establish(database.url()).unwrap()
}

fn execute(database: &TestDatabase, sql: &str) {
    connection(database).batch_execute(sql).unwrap();
}

type Hook<'a> = dyn FnMut(&mut UnitOfWork<'_>, Option<&i64>, u32) -> Result<()> + 'a;
type Verify<'a> = dyn FnMut(&mut UnitOfWork<'_>) -> Result<Verdict> + 'a;

/// Counts rows up in the order of their keys: one that is done twice shows.
struct Count<'a> {
    /// Whether rows are left out that were counted before.
    once: bool,
    /// Called in each batch before its work.
    hook: Box<Hook<'a>>,
    verify: Box<Verify<'a>>,
}

impl<'a> Count<'a> {
    fn new() -> Self {
        Self { once: false, hook: Box::new(|_, _, _| Ok(())), verify: Box::new(none_left) }
    }

    fn with(
        mut self,
        hook: impl FnMut(&mut UnitOfWork<'_>, Option<&i64>, u32) -> Result<()> + 'a,
    ) -> Self {
        self.hook = Box::new(hook);
        self
    }

    fn verified(mut self, verify: impl FnMut(&mut UnitOfWork<'_>) -> Result<Verdict> + 'a) -> Self {
        self.verify = Box::new(verify);
        self
    }

    fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

#[derive(QueryableByName)]
struct Done {
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
}

impl Job for Count<'_> {
    type Cursor = i64;

    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        let all = diesel::sql_query("SELECT count(*) AS rows, max(id) AS last FROM work");
        Ok(u64::try_from(all.get_result::<Done>(uow.connection())?.rows).ok())
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&i64>,
        limit: u32,
    ) -> Result<Batch<i64>> {
        (self.hook)(uow, after, limit)?;
        let left = if self.once { "AND n = 0" } else { "" };
        let count = format!(
            "WITH batch AS (
                 SELECT id FROM work WHERE id > $1 {left} ORDER BY id LIMIT $2
             ), done AS (
                 UPDATE work w SET n = n + 1 FROM batch b WHERE w.id = b.id RETURNING w.id
             )
             SELECT count(*) AS rows, max(id) AS last FROM done"
        );
        let done: Done = diesel::sql_query(count)
            .bind::<BigInt, _>(after.copied().unwrap_or(i64::MIN))
            .bind::<BigInt, _>(i64::from(limit))
            .get_result(uow.connection())?;
        let rows = u64::try_from(done.rows).unwrap();
        Ok(Batch { rows, next: done.last.filter(|_| rows == u64::from(limit)) })
    }

    fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
        (self.verify)(uow)
    }
}

fn none_left(uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
    let left = diesel::sql_query("SELECT count(*) AS rows, max(id) AS last FROM work WHERE n = 0");
    let left: Done = left.get_result(uow.connection())?;
    Ok(if left.rows == 0 { Verdict::Done } else { Verdict::AnotherPass })
}

/// How many rows were counted so often.
fn counted(store: &Store, times: i32) -> i64 {
    number(store, &format!("SELECT count(*) FROM work WHERE n = {times}"))
}

/// Keeps what a run tells.
#[derive(Default)]
struct Told(RefCell<Vec<Progress>>);

impl Told {
    fn listen<'a>(&'a self, runner: Runner<'a>) -> Runner<'a> {
        runner.on_progress(|event| self.0.borrow_mut().push(event.clone()))
    }

    fn events(&self) -> Vec<Progress> {
        self.0.borrow().clone()
    }

    /// The rows of each batch.
    fn batches(&self) -> Vec<u64> {
        let rows = |event: &Progress| match event {
            Progress::BatchDone { rows, .. } => Some(*rows),
            _ => None,
        };
        self.0.borrow().iter().filter_map(rows).collect()
    }

    /// The names of the events without those of batches, as they are serialised.
    fn others(&self) -> Vec<String> {
        let name = |event: &Progress| match serde_json::to_value(event).unwrap() {
            serde_json::Value::String(name) => name,
            object => object.as_object().unwrap().keys().next().unwrap().clone(),
        };
        self.0.borrow().iter().map(name).filter(|name| name != "batch_done").collect()
    }
}

/// A runner of batches that are all of one size.
fn even(store: &Store, size: u32) -> Runner<'_> {
    Runner::new(store).sizes(size..=size)
}
