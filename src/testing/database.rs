//! A database for each test.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use uuid::Uuid;

use crate::conninfo::ConnInfo;
use crate::error::{Error, Result};
use crate::ident::Ident;
use crate::local_server::LocalServer;
use crate::migrate::{Context, Migrations, Migrator};
use crate::store::{Store, StoreOptions};
use crate::unit_of_work::UnitOfWork;

/// A database of its own, with the schema of the wanted contexts, that is dropped with this value.
///
/// The first one of a process migrates a template; every further one is a copy of it, in some 30
/// ms. They are on the server that `DATABASE_URL` names, whose role may create databases and where
/// the template stays for the next process, else on a [`LocalServer`] that the process starts once.
///
/// # Example
///
/// ```
/// use planwright::{Context, modelling::{Goal, NewScenario}, testing::TestDatabase};
///
/// let database = TestDatabase::new([Context::Modelling])?;
/// let scenario = database.store().write(|uow| {
///     uow.scenarios().create(&NewScenario::new(1.into(), "Net zero 2050", Goal::NetZero))
/// })?;
/// assert_eq!(scenario.name, "Net zero 2050");
/// # Ok::<(), planwright::Error>(())
/// ```
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    store: Store,
}

impl TestDatabase {
    /// A database with these contexts, and none for an empty one, and a store with default options.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] where no server is to be had; those of the migrations.
    pub fn new(contexts: impl IntoIterator<Item = Context>) -> Result<Self> {
        Self::with_options(contexts, &StoreOptions::default())
    }

    /// The same with a store of other options.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_options(
        contexts: impl IntoIterator<Item = Context>,
        options: &StoreOptions,
    ) -> Result<Self> {
        let server = TestServer::shared()?;
        let contexts: BTreeSet<Context> = contexts.into_iter().collect();
        let template = if contexts.is_empty() {
            "template1".to_owned()
        } else {
            server.template(&contexts)?
        };
        // Not by process id: containers that share a server have the same ones.
        let name = format!("planwright_test_{}", Uuid::new_v4().simple());
        let mut admin = server.admin()?;
        create(&mut admin, &name, &template)?;
        let url = server.url(&name);
        let store = Store::connect(&url, options)?;
        Ok(Self { name, url, store })
    }

    /// A store on it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its libpq URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Without a server there is no database left to drop.
        let Ok(mut admin) = TestServer::shared().and_then(TestServer::admin) else { return };
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", Ident(&self.name));
        if let Err(error) = admin.batch_execute(&drop) {
            eprintln!("the test database {} is left behind: {error}", self.name);
        }
    }
}

/// Runs a unit of work whose effects are seen inside it and then rolled back.
///
/// # Errors
///
/// The closure's, and those of any unit of work.
///
/// # Example
///
/// ```
/// use planwright::{Context, modelling::{Goal, NewScenario}, testing::{TestDatabase, rolled_back}};
///
/// let database = TestDatabase::new([Context::Modelling])?;
/// let id = rolled_back(database.store(), |uow| {
///     Ok(uow.scenarios().create(&NewScenario::new(1.into(), "Trial", Goal::NetZero))?.id)
/// })?;
/// assert_eq!(database.store().read(|uow| uow.scenarios().find(id))?, None);
/// # Ok::<(), planwright::Error>(())
/// ```
pub fn rolled_back<T>(
    store: &Store,
    mut f: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>,
) -> Result<T> {
    enum End<T> {
        Value(T),
        Failed(Error),
    }
    impl<T> From<Error> for End<T> {
        fn from(error: Error) -> Self {
            Self::Failed(error)
        }
    }
    let ended = store.transaction().attempts(1).run_with(|uow| match f(uow) {
        Ok(value) => Err::<std::convert::Infallible, _>(End::Value(value)),
        Err(error) => Err(End::Failed(error)),
    });
    match ended {
        Err(End::Value(value)) => Ok(value),
        Err(End::Failed(error)) => Err(error),
        Ok(never) => match never {},
    }
}

/// The server of this process's tests.
enum TestServer {
    Own(Box<LocalServer>),
    Given(ConnInfo),
}

impl TestServer {
    fn shared() -> Result<&'static Self> {
        static SERVER: OnceLock<Result<TestServer, String>> = OnceLock::new();
        let server = SERVER.get_or_init(|| match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => Ok(Self::Given(ConnInfo::new(&url))),
            _ => LocalServer::builder()
                .setting("max_connections", "300")
                .start()
                .map(|server| Self::Own(Box::new(server)))
                .map_err(|error| match std::error::Error::source(&error) {
                    Some(why) => format!("{error}: {why}"),
                    None => error.to_string(),
                }),
        });
        server.as_ref().map_err(|why| Error::unavailable(why.clone(), None))
    }

    /// The URL of a database on it.
    fn url(&self, database: &str) -> String {
        match self {
            Self::Own(server) => server.url(database),
            Self::Given(conninfo) => conninfo.with("dbname", database).as_str().to_owned(),
        }
    }

    fn admin(&self) -> Result<PgConnection> {
        let url = match self {
            Self::Own(server) => server.url("postgres"),
            Self::Given(conninfo) => conninfo.as_str().to_owned(),
        };
        PgConnection::establish(&url).map_err(|error| {
            let why = ConnInfo::new(&url).scrub(&error.to_string());
            Error::unavailable("the server of the tests cannot be connected to", Some(why.into()))
        })
    }

    /// The template with these contexts, made if it is not there. Its name says what is in it, so
    /// that one of another release is never taken for it.
    fn template(&self, contexts: &BTreeSet<Context>) -> Result<String> {
        static MAKING: Mutex<()> = Mutex::new(());

        let mut content = DefaultHasher::new();
        for migration in Migrations::embedded().as_slice() {
            (&migration.version, &migration.up, &migration.down).hash(&mut content);
        }
        for context in contexts {
            context.to_string().hash(&mut content);
        }
        let name = format!("planwright_template_{:016x}", content.finish());

        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut admin = self.admin()?;
        // Other processes may want it too. The lock ends with the connection.
        diesel::sql_query("SELECT pg_advisory_lock(hashtext($1))")
            .bind::<Text, _>(&name)
            .execute(&mut admin)?;
        let exists = diesel::select(
            diesel::dsl::sql::<Bool>("EXISTS (SELECT FROM pg_database WHERE datname = ")
                .bind::<Text, _>(&name)
                .sql(")"),
        )
        .get_result(&mut admin)?;
        if exists {
            return Ok(name);
        }
        let unfinished = format!("{name}_new");
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {}", Ident(&unfinished)))?;
        create(&mut admin, &unfinished, "template1")?;
        {
            let store = Store::connect(&self.url(&unfinished), &StoreOptions::default())?;
            Migrator::new(&store).contexts(contexts.iter().copied()).up()?;
        }
        disconnect(&mut admin, &unfinished)?;
        admin.batch_execute(&format!(
            "ALTER DATABASE {} RENAME TO {}",
            Ident(&unfinished),
            Ident(&name)
        ))?;
        Ok(name)
    }
}

/// A closed pool's backends end a moment after their clients.
fn disconnect(admin: &mut PgConnection, database: &str) -> Result<()> {
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
    )
    .bind::<Text, _>(database)
    .execute(admin)?;
    Ok(())
}

fn create(admin: &mut PgConnection, name: &str, template: &str) -> Result<()> {
    // Copying files is faster here than writing every page to the log.
    Ok(admin.batch_execute(&format!(
        "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy",
        Ident(name),
        Ident(template)
    ))?)
}
