//! Held migrations: who runs them, and what stands against them.

use planwright::batch::{Batch, Job, Progress as Batches, Runner, Stop, Verdict};
use planwright::migrate::{Progress, State};

use planwright::{Result, UnitOfWork};

use super::*;

#[test]
fn a_held_step_runs_on_a_fresh_installation_and_waits_on_an_old_one() {
    let (fresh, old) = (Database::new(), Database::new());
    let folder = Folder::with_index();
    old.migrator(&folder).up().unwrap();

    let folder = folder.with_held();
    assert_eq!(fresh.migrator(&folder).up().unwrap().names(), [CORE, T, B, INDEX, DROP_B]);

    assert_eq!(old.migrator(&folder).up().unwrap(), []);
    let status = old.migrator(&folder).status().unwrap();
    assert_eq!((status.state, status.held), (State::Current, vec![DROP_B.to_owned()]));
    old.migrator(&folder).require_current().unwrap();

    let applied = old.migrator(&folder).contract("20261121000400").unwrap().unwrap();
    assert_eq!(applied.name, DROP_B);
    assert_eq!(old.migrator(&folder).contract(DROP_B).unwrap(), None);
    assert_eq!(old.objects(), fresh.objects());
    assert!(old.migrator(&folder).status().unwrap().held.is_empty());
}

#[test]
fn a_guard_refuses_with_its_list() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    database.execute("INSERT INTO t (id, b) SELECT n, n * 10 FROM generate_series(1, 7) n");

    let folder = folder.with_held();
    let (what, _) = told(database.migrator(&folder).contract(DROP_B));
    assert_eq!(
        what,
        format!(
            "{DROP_B}: refused by its guard, which lists 7: row 1 has b 10; row 2 has b 20; \
             row 3 has b 30; row 4 has b 40; row 5 has b 50; …"
        )
    );
    assert_eq!(database.number("count(b) FROM t"), 7);

    database.execute("UPDATE t SET b = NULL WHERE id > 1");
    let (what, _) = told(database.migrator(&folder).contract(DROP_B));
    assert!(what.ends_with("which lists 1: row 1 has b 10"), "{what}");
    database.execute("UPDATE t SET b = NULL");
    assert!(database.migrator(&folder).contract(DROP_B).unwrap().is_some());
}

#[test]
fn a_guard_sees_the_locks_that_its_migration_begins_with() {
    let database = Database::new();
    let guard = "SELECT 'not locked' WHERE NOT EXISTS (
        SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 't'::regclass
                               AND mode = 'AccessExclusiveLock')";
    let folder = Folder::new().with_held().write(DROP_B, "guard.sql", guard);
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [CORE, T, B, DROP_B]);

    let other = Database::new();
    let folder = folder.write(DROP_B, "up.sql", "ALTER TABLE t DROP COLUMN b;");
    let (what, _) = told(other.migrator(&folder).up());
    assert!(what.contains("not locked"), "{what}");
}

#[test]
fn a_guard_that_fails_is_no_consent() {
    let database = Database::new();
    let folder = Folder::new().with_held().write(DROP_B, "guard.sql", "SELECT x FROM nowhere");
    let (what, why) = told(database.migrator(&folder).up());
    assert_eq!(what, format!("{DROP_B}: its guard failed"));
    assert!(why.contains("nowhere"), "{why}");
    assert_eq!(database.number("count(b) FROM t"), 0);
}

#[test]
fn a_held_step_that_asks_for_a_statement_shows_what_speaks_for_it() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    let folder = folder.with_asking();
    let refused = format!(
        "{DROP_B}: asks for the statement nobody_reads_b. The database shows: b was read \
         yesterday; ; by two. Where the statement holds, call \
         `Migrator::new(&store).contexts([Context::Modelling]).confirm(\"nobody_reads_b\")\
         .contract(\"{DROP_B}\")`"
    );
    assert_eq!(told(database.migrator(&folder).contract(DROP_B)).0, refused);
    let other = database.migrator(&folder).confirm("nobody_writes_b");
    assert_eq!(told(other.contract(DROP_B)).0, refused);
    assert_eq!(database.migrator(&folder).up().unwrap(), []);

    // The statement is not all that is asked for.
    let stated = || database.migrator(&folder).confirm("nobody_reads_b");
    database.execute("INSERT INTO t (id, b) VALUES (1, 10)");
    let (what, _) = told(stated().contract(DROP_B));
    assert!(what.ends_with("lists 1: row 1 has b 10"), "{what}");
    database.execute("DELETE FROM t");
    assert_eq!(stated().contract(DROP_B).unwrap().unwrap().name, DROP_B);
    // Nobody is asked for what is done already.
    assert_eq!(database.migrator(&folder).contract(DROP_B).unwrap(), None);
}

#[test]
fn an_installing_run_is_asked_for_no_statement() {
    let database = Database::new();
    let folder = Folder::new().with_asking();
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [CORE, T, B, DROP_B]);
    // Once it was taken back it waits as any other.
    database.migrator(&folder).down().unwrap();
    let (what, _) = told(database.migrator(&folder).contract(DROP_B));
    assert!(what.contains("asks for the statement nobody_reads_b"), "{what}");
}

#[test]
fn evidence_that_fails_is_no_consent() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    let folder = folder.with_asking().write(DROP_B, "evidence.sql", "SELECT x FROM nowhere");
    let (what, why) = told(database.migrator(&folder).contract(DROP_B));
    assert_eq!(what, format!("{DROP_B}: its evidence failed"));
    assert!(why.contains("nowhere"), "{why}");
}

const AFTER: &str = "2026-11-21-000500_modelling_after";
const APART: &str = "2026-11-21-000600_modelling_apart";

fn with_followers(folder: Folder) -> Folder {
    let needs = format!("{EXPAND}needs = [\"20261121000400\"]\n");
    folder.with(AFTER, &needs, "CREATE TABLE after ();", "DROP TABLE after;").with(
        APART,
        EXPAND,
        "CREATE TABLE apart ();",
        "DROP TABLE apart;",
    )
}

#[test]
fn only_what_needs_a_waiting_step_waits_with_it() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    let folder = with_followers(folder.with_held());
    let migrator = database.migrator(&folder);
    assert_eq!(migrator.up().unwrap().names(), [APART]);
    let status = migrator.status().unwrap();
    assert_eq!(status.state, State::Current);
    assert_eq!((status.held, status.waiting), (vec![DROP_B.to_owned()], vec![AFTER.to_owned()]));

    migrator.contract(DROP_B).unwrap();
    assert_eq!(migrator.status().unwrap().state, State::Behind { pending: vec![AFTER.to_owned()] });
    assert_eq!(migrator.up().unwrap().names(), [AFTER]);
}

#[test]
fn a_refused_step_of_a_fresh_installation_stops_only_what_needs_it() {
    let database = Database::new();
    let folder = with_followers(Folder::new().with_held());
    let filled = |event: &Progress| {
        if matches!(event, Progress::Finished { name, .. } if name == B) {
            database.execute("INSERT INTO t (id, b) VALUES (1, 1)");
        }
    };
    let (what, _) = told(database.migrator(&folder).on_progress(filled).up());
    assert!(what.contains("row 1 has b 1"), "{what}");
    let status = database.migrator(&folder).status().unwrap();
    let pending = vec![DROP_B.to_owned(), AFTER.to_owned()];
    assert_eq!(status.state, State::Behind { pending });
    assert_eq!(status.applied.last().unwrap().name, APART);

    database.execute("DELETE FROM t");
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [DROP_B, AFTER]);
}

#[test]
fn an_interrupted_fresh_installation_is_finished_but_takes_no_later_step_with_it() {
    let database = Database::new();
    let folder = Folder::new().with_held();
    let kill = |event: &Progress| {
        if matches!(event, Progress::Finished { name, .. } if name == T) {
            kill_runner(&database);
        }
    };
    let (what, _) = told(database.migrator(&folder).on_progress(kill).up());
    assert!(what.contains(B) || what.contains("lost"), "{what}");
    let status = database.migrator(&folder).status().unwrap();
    assert_eq!(status.names(), [CORE, T]);

    // The next release has another one, by chance with an older timestamp.
    let later = "2026-11-21-000350_modelling_later";
    let folder = folder.with(later, HELD, "DROP TABLE t;", "CREATE TABLE t ();");
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [B, DROP_B]);
    assert_eq!(database.migrator(&folder).status().unwrap().held, [later]);
}

#[test]
fn a_held_step_that_was_taken_back_waits_to_be_asked_for() {
    let database = Database::new();
    let folder = Folder::new().with_held();
    let migrator = database.migrator(&folder);
    assert_eq!(migrator.up().unwrap().names(), [CORE, T, B, DROP_B]);
    assert_eq!(migrator.down().unwrap().names(), [DROP_B]);
    assert_eq!(migrator.up().unwrap(), []);
    assert_eq!(migrator.status().unwrap().held, [DROP_B]);
    assert!(migrator.contract(DROP_B).unwrap().is_some());

    // What is taken back to nothing is fresh again.
    assert_eq!(migrator.down_steps(9).unwrap().names(), [DROP_B, B, T, CORE]);
    assert_eq!(migrator.up().unwrap().names(), [CORE, T, B, DROP_B]);
}

#[test]
fn a_held_step_is_refused_while_something_must_come_first() {
    let database = Database::new();
    let needing = format!("{HELD}needs = [\"20261121000400\"]\n");
    let job = format!("{HELD}after_job = \"fill\"\n");
    let (second, third) =
        ("2026-11-21-000500_modelling_second", "2026-11-21-000600_modelling_third");
    let folder = Folder::new()
        .with_held()
        .with(second, &needing, "CREATE TABLE second ();", "DROP TABLE second;")
        .with(third, &job, "CREATE TABLE third ();", "DROP TABLE third;");
    let migrator = database.migrator(&folder);
    let (what, _) = told(migrator.contract(DROP_B));
    assert!(what.contains(&format!("{CORE} comes before it: run `Migrator::new")), "{what}");
    migrator.up_to(B).unwrap();
    let (what, _) = told(migrator.contract(second));
    assert_eq!(what, format!("{second}: needs {DROP_B}, which is not applied"));
    let (what, _) = told(migrator.contract(third));
    assert_eq!(
        what,
        format!(
            "{third}: waits for the job fill, which is never begun: finish it with \
             `batch::Runner::new(&store).run(&mut job)`"
        )
    );
    let (what, _) = told(migrator.contract(B));
    assert!(what.contains("is expand, not held"), "{what}");
    migrator.contract(DROP_B).unwrap();
    migrator.contract(second).unwrap();
}

const FILL: &str = "2026-11-21-000900_modelling_after_fill";

/// Adds a step that waits for a job, and has a guard.
fn with_waiting(folder: Folder) -> Folder {
    let metadata = format!("{HELD}after_job = \"fill\"\n");
    folder
        .with(FILL, &metadata, "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a int;")
        .write(FILL, "guard.sql", "SELECT format('row %s is left', id) FROM t WHERE b IS NULL")
}

/// Fills `b` from `a`, row by row.
struct Fill;

impl Job for Fill {
    type Cursor = i64;

    fn name(&self) -> &'static str {
        "fill"
    }

    fn estimate(&mut self, _: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        Ok(Some(3))
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&i64>,
        _: u32,
    ) -> Result<Batch<i64>> {
        let id = after.map_or(1, |id| id + 1);
        let fill = sql_query("UPDATE t SET b = a WHERE id = $1").bind::<BigInt, _>(id);
        let rows = u64::try_from(fill.execute(uow.connection())?).unwrap();
        Ok(Batch { rows, next: (rows > 0).then_some(id) })
    }

    fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
        Ok(Verdict::Done)
    }
}

#[test]
fn a_step_that_waits_for_a_job_runs_when_that_has_finished() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    database.execute("INSERT INTO t (id, a) VALUES (1, 10), (2, 20), (3, 30)");
    let folder = with_waiting(Folder::new());
    let migrator = database.migrator(&folder);
    assert_eq!(migrator.up().unwrap(), []);
    assert_eq!(migrator.status().unwrap().held, [FILL]);
    let waits = |how_far: &str| {
        let (what, _) = told(migrator.contract(FILL));
        let expected = format!("{FILL}: waits for the job fill, which is {how_far}");
        assert!(what.starts_with(&expected), "{what}");
        let call = ": finish it with `batch::Runner::new(&store).run(&mut job)`";
        assert!(what.ends_with(call), "{what}");
    };
    waits("never begun");

    let stop = Stop::default();
    let stopped = Runner::new(&database.store)
        .stop_with(&stop)
        .on_progress(|event| {
            if matches!(event, Batches::BatchDone { .. }) {
                waits("running after 1 rows of about 3, by process");
                stop.stop();
            }
        })
        .run(&mut Fill)
        .unwrap();
    assert!(!stopped.is_finished());
    waits("stopped after 1 rows of about 3");

    assert!(Runner::new(&database.store).run(&mut Fill).unwrap().is_finished());
    // What the job says is not believed blindly.
    database.execute("INSERT INTO t (id, a) VALUES (4, 40)");
    let (what, _) = told(migrator.contract(FILL));
    assert!(what.ends_with("refused by its guard, which lists 1: row 4 is left"), "{what}");
    database.execute("DELETE FROM t WHERE id = 4");
    assert_eq!(migrator.contract(FILL).unwrap().unwrap().name, FILL);
    assert_eq!(migrator.contract(FILL).unwrap(), None);
    assert_eq!(database.number("sum(b) FROM t"), 60);
}

#[test]
fn a_run_that_installs_a_context_waits_for_no_job_but_asks_the_guard() {
    let folder = with_waiting(Folder::new());
    let database = Database::new();
    assert_eq!(database.migrator(&folder).up().unwrap().names().last(), Some(&FILL));

    let other = Database::new();
    let filled = |event: &Progress| {
        if matches!(event, Progress::Finished { name, .. } if name == B) {
            other.execute("INSERT INTO t (id) VALUES (7)");
        }
    };
    let (what, _) = told(other.migrator(&folder).on_progress(filled).up());
    assert!(what.contains("row 7 is left"), "{what}");
}
