//! The feature planner: its way from `public` into a schema of its own, and the rules that follow.

mod attempt_races;
mod baseline;
mod behind_the_move;
mod details;
mod discoveries;
mod discovery_states;
mod file_choice;
mod file_races;
mod files;
mod generations;
mod grants;
mod json;
mod labels;
mod locks;
mod log;
mod log_refusals;
mod move_cuts;
mod move_outside;
mod move_plans;
mod move_roles;
mod move_views;
mod moving;
mod owners;
mod plan_search;
mod plan_versions;
mod plans;
mod progress;
mod reads;
mod refinements;
mod relocation;
mod reorder;
mod rules;
mod stale;
mod steps;
mod teardown;
mod templates;
mod times;

use diesel::connection::SimpleConnection;
use diesel::migration::Migration as _;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use planwright::feature_planner::{FeaturePlanId, PlanStatus, factory};
use planwright::migrate::{Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Store, UserId};

const BASELINE: &str = "20261120192000";
const MOVE: &str = "20261120192100";

/// Rows of every table: a plan of which everything is selected, a version of it, and a template.
const ROWS: &str = include_str!("rows.sql");

/// A database as it lived before this crate, with rows.
struct Installation(TestDatabase);

impl Installation {
    fn new() -> Self {
        let database = TestDatabase::new([]).unwrap();
        let new = Self(database);
        new.migrator().up_to(BASELINE).unwrap();
        new.execute(ROWS);
        new
    }

    /// The same behind the move and whatever comes before `version`.
    fn before(version: &str) -> Self {
        let new = Self::new();
        for one in Migrations::embedded().as_slice() {
            if one.context == Context::FeaturePlanner
                && (MOVE..version).contains(&one.version.as_str())
            {
                new.contract(&one.version).unwrap();
            }
        }
        new
    }

    fn store(&self) -> &Store {
        self.0.store()
    }

    fn migrator(&self) -> Migrator<'_> {
        let migrator = Migrator::new(self.store()).contexts([Context::FeaturePlanner]);
        migrator.confirm(planwright::feature_planner::TIMES_ARE_UTC)
    }

    fn contract(&self, version: &str) -> Result<(), Error> {
        self.migrator().contract(version).map(drop)
    }

    /// The text of the up, in a session of somebody's own.
    fn run_by_hand(&self, version: &str) {
        #[derive(QueryableByName)]
        struct Zone {
            #[diesel(sql_type = Text)]
            zone: String,
        }
        let embedded = Migrations::embedded();
        let one = embedded.as_slice().iter().find(|one| one.version == version).unwrap();
        let mut connection = self.connection();
        connection.batch_execute("SET TimeZone = 'America/New_York'").unwrap();
        one.run(&mut connection).unwrap();
        let zone = diesel::sql_query("SELECT current_setting('TimeZone') AS zone");
        let zone = zone.get_result::<Zone>(&mut connection).unwrap().zone;
        assert_eq!(zone, "America/New_York", "it is left as it was");
    }

    /// The text of the down, as a run would send it: what was adopted no run takes back.
    fn revert(&self, version: &str) -> Result<(), String> {
        let embedded = Migrations::embedded();
        let one = embedded.as_slice().iter().find(|one| one.version == version).unwrap();
        one.revert(&mut self.connection()).map_err(|error| error.to_string())
    }

    fn connection(&self) -> PgConnection {
        PgConnection::establish(self.0.url()).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.connection().batch_execute(sql).unwrap();
    }

    /// Everything behind the move.
    fn contract_the_rest(&self) {
        for one in Migrations::embedded().as_slice() {
            if one.context == Context::FeaturePlanner && one.version.as_str() > MOVE {
                self.contract(&one.version).unwrap();
            }
        }
    }

    /// Why the server refuses it.
    fn refused(&self, sql: &str) -> String {
        self.connection().batch_execute(sql).unwrap_err().to_string()
    }

    fn texts(&self, query: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let query = format!("SELECT text::text FROM (\n{query}\n) AS rows (text)");
        let rows = diesel::sql_query(query).load::<Row>(&mut self.connection()).unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    /// What the guard of a migration lists.
    fn guarded(&self, version: &str) -> String {
        let error = self.contract(version).unwrap_err();
        let text = error.to_string();
        let (_, listed) = text.split_once("refused by its guard, which lists ").expect(&text);
        listed.to_owned()
    }
}

/// A database with every migration, and two users.
pub(crate) struct Office {
    pub(crate) database: TestDatabase,
    pub(crate) user: UserId,
    /// Somebody else, who has nothing.
    pub(crate) other: UserId,
}

impl Office {
    pub(crate) fn new() -> Self {
        let database = TestDatabase::new([Context::FeaturePlanner]).expect("a test database");
        let users = database.store().write(|uow| Ok((factory::user(uow)?, factory::user(uow)?)));
        let (user, other) = users.expect("two users");
        Self { database, user, other }
    }

    pub(crate) fn store(&self) -> &Store {
        self.database.store()
    }

    /// A plan of the user's.
    pub(crate) fn plan(&self, status: PlanStatus) -> FeaturePlanId {
        self.store().write(|uow| factory::plan(uow, self.user, status)).expect("a plan")
    }

    /// The only column of the only row.
    pub(crate) fn text(&self, query: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let query = format!("SELECT text::text FROM (\n{query}\n) AS rows (text)");
        let rows = self
            .store()
            .read(|uow| Ok(diesel::sql_query(query.as_str()).load::<Row>(uow.connection())?));
        let [row] = <[Row; 1]>::try_from(rows.expect("a row")).ok().expect("one row");
        row.text
    }
}
