//! What several modules of tests use.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use planwright::local_server::LocalServer;
use planwright::migrate::{Migration, Migrations, Migrator};
use planwright::modelling::{Goal, NewScenario, ScenarioId};
use planwright::testing::TestDatabase;
use planwright::verify::ObjectName;
use planwright::{Context, Store, UnitOfWork};

pub(crate) fn modelling() -> TestDatabase {
    TestDatabase::new([Context::Modelling]).expect("a test database")
}

/// One that lived before this crate: expanded, with the key that a replace needs, and with the join.
pub(crate) fn expanded() -> TestDatabase {
    let database = TestDatabase::new([]).expect("a test database");
    {
        let migrator = || Migrator::new(database.store()).contexts([Context::Modelling]);
        migrator().up_to("20261120000100").expect("the baseline");
        migrator().up().expect("what expands it");
        migrator().contract("20261120000700").expect("the key");
    }
    database
}

pub(crate) fn scenario(store: &Store) -> ScenarioId {
    let new = NewScenario::new(1.into(), "Net zero", Goal::NetZero);
    store.write(|uow| uow.scenarios().create(&new)).expect("a scenario").id
}

pub(crate) fn execute(uow: &mut UnitOfWork<'_>, sql: &str) -> planwright::Result<usize> {
    Ok(diesel::sql_query(sql).execute(uow.connection())?)
}

/// A number that the server computes.
pub(crate) fn number(store: &Store, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let sql = format!("SELECT ({sql})::bigint AS n");
    store
        .read(|uow| Ok(diesel::sql_query(&sql).get_result::<Row>(uow.connection())?.n))
        .expect("a number")
}

/// A text that the server computes.
pub(crate) fn text(uow: &mut UnitOfWork<'_>, sql: &str) -> planwright::Result<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        t: String,
    }
    let sql = format!("SELECT ({sql})::text AS t");
    Ok(diesel::sql_query(sql).get_result::<Row>(uow.connection())?.t)
}

/// Everything that `error` and its sources say, as a log would show it.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} / {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text} / {cause} / {cause:?}");
        source = cause.source();
    }
    text
}

/// The names of what a host gets that chooses the modelling context alone: of what makes columns
/// of the host's, which other contexts need, it gets nothing.
pub(crate) fn of_modelling() -> Vec<String> {
    let embedded = Migrations::embedded();
    let own = |one: &&Migration| match one.context {
        Context::Core => one.host_column.is_none(),
        context => context == Context::Modelling,
    };
    embedded.as_slice().iter().filter(own).map(ToString::to_string).collect()
}

/// Every context that has migrations, beside core.
pub(crate) fn contexts() -> Vec<Context> {
    let embedded = Migrations::embedded();
    let has = |context: &&Context| embedded.as_slice().iter().any(|one| one.context == **context);
    Context::ALL.iter().filter(has).copied().filter(|one| *one != Context::Core).collect()
}

/// Whether it is the table of the host's that a migration of core makes where there is none, or
/// belongs to it.
pub(crate) fn is_of_host(name: &ObjectName) -> bool {
    name.schema == "public" && (name.relation == "users" || name.name == "users")
}

/// A database with every context.
pub(crate) fn everything() -> TestDatabase {
    TestDatabase::new(Context::ALL.iter().copied()).expect("a test database")
}

/// Says that this machine cannot show something. The runner captures what tests print, not this.
pub(crate) fn skipped(what: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {what}").expect("somebody to tell");
}

/// Compares a text with the committed file of this path, or writes that file where the environment
/// has `PLANWRIGHT_WRITE`, as it has under `./dev schema`.
pub(crate) fn golden(path: &str, text: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("PLANWRIGHT_WRITE").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        return std::fs::write(&file, text).expect("a file that can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{path} is stale: run ./dev schema and look at what it changes");
}

/// A server that replays what the other one writes: that one's files as a crash leaves them.
pub(crate) fn replica_of(primary: &LocalServer) -> LocalServer {
    let (socket, port) = (primary.socket_dir().display(), primary.port());
    let from = format!("host={socket} port={port} user=postgres");
    let replica = LocalServer::builder().setting("primary_conninfo", from).start().unwrap();
    replica.kill().unwrap();
    primary.kill().unwrap();
    let data = replica.data_dir();
    fs::remove_dir_all(&data).unwrap();
    let copied = Command::new("cp").arg("-a").arg(primary.data_dir()).arg(&data).status().unwrap();
    assert!(copied.success(), "{copied}");
    fs::remove_file(data.join("postmaster.pid")).unwrap();
    fs::write(data.join("standby.signal"), "").unwrap();
    primary.restart().unwrap();
    replica.restart().unwrap();
    replica
}
