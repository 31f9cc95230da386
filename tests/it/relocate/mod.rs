//! Moves between schemas, against a real server.

mod cuts;
mod locking;
mod outside;
mod roles;
mod teardown;
mod there_and_back;
mod views;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use planwright::relocate::{Relocation, Relocator};
use planwright::testing::TestDatabase;
use planwright::verify::{Catalog, Object, Scope};
use planwright::{Error, Problem, Result, Store, StoreOptions};
use uuid::Uuid;

/// What moves in most tests.
const MOVE: Relocation =
    Relocation::new("public", "garden").tables(&["bed", "plant", "visit"]).types(&["mood", "soil"]);

/// A database with the tables of `garden.sql`, in `public`.
struct Garden {
    database: TestDatabase,
}

impl Garden {
    fn new() -> Self {
        let garden = Self::empty();
        garden.execute(include_str!("garden.sql"));
        garden
    }

    fn empty() -> Self {
        let options = StoreOptions::default().pool_size(4).application_name("the tests");
        Self { database: TestDatabase::with_options([], &options).unwrap() }
    }

    fn store(&self) -> &Store {
        self.database.store()
    }

    fn relocator(&self) -> Relocator<'_> {
        Relocator::new(self.store(), MOVE)
    }

    fn connection(&self) -> PgConnection {
        PgConnection::establish(self.database.url()).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.connection().batch_execute(sql).unwrap();
    }

    /// What `SELECT …` with this text answers.
    fn number(&self, selected: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let query = sql_query(format!("SELECT (SELECT {selected})::bigint AS number"));
        query.get_result::<Row>(&mut self.connection()).unwrap().number
    }

    fn text(&self, selected: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let query = sql_query(format!("SELECT coalesce((SELECT {selected})::text, '') AS text"));
        query.get_result::<Row>(&mut self.connection()).unwrap().text
    }

    /// Everything that the catalog says, comments and places, too.
    fn catalog(&self) -> Vec<Object> {
        let catalog = self.store().read(|uow| Catalog::read(uow, &Scope::everything())).unwrap();
        let object = |(name, properties): (&_, &_)| Object {
            name: Clone::clone(name),
            properties: Clone::clone(properties),
        };
        catalog.iter().map(object).collect()
    }

    /// The tables, types, indexes, sequences and TOAST tables with their OIDs and files, by names
    /// without a schema.
    fn files(&self) -> String {
        self.text(
            "string_agg(line, E'\\n' ORDER BY line) FROM (
                 SELECT format('%s %s %s', c.relname, c.oid, c.relfilenode)
                   FROM pg_class c WHERE c.oid >= 16384 AND c.relkind <> 'v'
                 UNION ALL
                 SELECT format('%s %s', typname, oid) FROM pg_type
                  WHERE oid >= 16384 AND typtype = 'e') AS lines (line)",
        )
    }

    /// All rows, wherever they are.
    fn rows(&self, schema: &str) -> String {
        let hash = |table: &str| {
            format!(
                "(SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)), 0) FROM {schema}.{table} t)"
            )
        };
        self.text(&["bed", "plant", "visit"].map(hash).join(" || ' ' || "))
    }

    /// Which of its tables and types are in a schema.
    fn in_schema(&self, schema: &str) -> i64 {
        self.number(&format!(
            "count(*) FROM (
                 SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = '{schema}' AND c.relname IN ('bed', 'plant', 'visit')
                    AND c.relkind IN ('r', 'p')
                 UNION ALL
                 SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                  WHERE n.nspname = '{schema}' AND t.typname IN ('mood', 'soil')) AS them"
        ))
    }

    /// A role of this name and something that no other test has; dropped with the value.
    fn role(&self, what: &str) -> Role {
        let name = format!("{what}_{}", Uuid::new_v4().simple());
        self.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"));
        Role { name, url: self.database.url().to_owned() }
    }
}

struct Role {
    name: String,
    url: String,
}

impl Role {
    /// A session that is this role from its start on.
    fn connection(&self) -> PgConnection {
        let mut connection = PgConnection::establish(&self.url).unwrap();
        connection.batch_execute(&format!("SET SESSION AUTHORIZATION {}", self.name)).unwrap();
        connection
    }

    fn does(&self, sql: &str) -> std::result::Result<(), String> {
        self.connection().batch_execute(sql).map_err(|error| error.to_string())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let Ok(mut connection) = PgConnection::establish(&self.url) else { return };
        let name = &self.name;
        let _ =
            connection.batch_execute(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}"));
    }
}

/// The reasons of a refusal.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<Problem> {
    match result.unwrap_err() {
        Error::Unfit { entity: "relocate::Relocation", problems, .. } => problems,
        error => panic!("{error:?}"),
    }
}

fn has(problems: &[Problem], field: &str, reason: &str) {
    let found = problems.iter().any(|one| one.field == field && one.reason.contains(reason));
    assert!(found, "no {field}: {reason} in {problems:#?}");
}
