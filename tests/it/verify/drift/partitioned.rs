//! Indexes of partitioned tables, which are made of those of the partitions.

use super::*;

/// A database with a table of two partitions.
struct Log {
    database: TestDatabase,
    release: Migrations,
}

impl Log {
    fn new() -> Self {
        let release = release(&[(
            "log",
            "baseline",
            "CREATE TABLE log (id int, a int) PARTITION BY RANGE (id);
             CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
             CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20);
             CREATE INDEX log_a_ix ON log (a)",
        )]);
        let database = TestDatabase::new([]).unwrap();
        let migrator = Migrator::new(database.store()).contexts([Context::Modelling]);
        migrator.migrations(release.clone()).up().unwrap();
        Self { database, release }
    }

    fn execute(&self, sql: &str) {
        for statement in sql.split(";\n") {
            execute(self.database.url(), statement);
        }
    }

    fn report(&self) -> DriftReport {
        let drift = Drift::new(self.database.store()).contexts([Context::Modelling]);
        drift.migrations(self.release.clone()).run().unwrap()
    }

    /// Breaks it, looks, and does what the one difference says.
    fn is_mended(&self, broken: &str, told: &str) {
        self.execute(broken);
        let report = self.report();
        let [found] = &report.differences[..] else { panic!("{report}") };
        assert_eq!(line(found), told);
        assert!(found.remedy.advice.contains("built CONCURRENTLY on each"), "{found}");
        found.remedy.sql.iter().for_each(|statement| self.execute(statement));
        let report = self.report();
        assert_eq!(report.differences, [], "{broken}: {report}");
    }
}

/// Nothing but an attached index makes the parent valid: REINDEX does not.
#[test]
fn one_that_a_partition_lacks_is_mended() {
    let log = Log::new();
    let invalid = "warning: index public.log.log_a_ix has valid no instead of yes";
    let broken = "DROP INDEX log_a_ix;\nCREATE INDEX log_a_ix ON ONLY log (a);\n
                  CREATE INDEX one ON log_1 (a);\nALTER INDEX log_a_ix ATTACH PARTITION one;\n
                  REINDEX INDEX log_a_ix";
    log.is_mended(broken, invalid);
    // What is there already on each partition is taken over.
    log.execute("DROP INDEX log_a_ix");
    log.execute("CREATE INDEX CONCURRENTLY one ON log_1 (a);\nCREATE INDEX two ON log_2 (a)");
    log.is_mended("CREATE INDEX log_a_ix ON ONLY log (a)", invalid);
    let attached = "SELECT count(*) FROM pg_inherits
                    WHERE inhparent = 'log_a_ix'::regclass
                      AND inhrelid IN ('one'::regclass, 'two'::regclass)";
    assert_eq!(crate::support::number(log.database.store(), attached), 2);
}

#[test]
fn one_of_another_definition_or_none_is_mended() {
    let log = Log::new();
    log.is_mended(
        "DROP INDEX log_a_ix;\nCREATE INDEX log_a_ix ON log (id)",
        "warning: index public.log.log_a_ix has definition USING btree (id) instead of USING btree (a)",
    );
    log.is_mended("DROP INDEX log_a_ix", "warning: index public.log.log_a_ix is missing");
    log.execute("CREATE INDEX own ON ONLY log (id)");
    let report = log.report();
    let [own] = &report.differences[..] else { panic!("{report}") };
    assert_eq!(line(own), "warning: index public.log.own is not expected");
    assert!(own.remedy.advice.contains("Attach those that are missing"), "{own}");
}
