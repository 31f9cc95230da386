//! What an adoption has accepted, and later looks.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::Context;
use planwright::migrate::{Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::verify::{Difference, Drift, DriftReport, Rollout};

use crate::support::number;

const LEGACY: &str = include_str!("../migrate/legacy.sql");
const BASE: &str = "20261120000100";
const VIEW: &str = "20261120000600";
const DOWN: &str =
    include_str!("../../../migrations/2026-11-20-190050_core_accepted_differences/down.sql");

/// A database that is not quite at the baseline.
struct Legacy(TestDatabase);

const TYPE: &str = "column public.recommendation.estimated_cost: type";
/// Of a view that a later migration makes.
const VIEW_TYPE: &str = "column public.plan_measure.estimated_cost: type";
const NULLABLE: &str = "column public.scenario.name: nullable";
const RULE: &str = "constraint public.plan.of_the_host: extra";

impl Legacy {
    fn new() -> Self {
        let legacy = Self(TestDatabase::new([]).unwrap());
        legacy.execute(LEGACY).unwrap();
        legacy
            .execute(
                "ALTER TABLE recommendation ALTER estimated_cost TYPE numeric(20, 2);
                 ALTER TABLE scenario ALTER name DROP NOT NULL;
                 ALTER TABLE plan ADD CONSTRAINT of_the_host CHECK (property_id > 0)",
            )
            .unwrap();
        legacy
    }

    fn adopted() -> Self {
        let legacy = Self::new();
        legacy.adopt(BASE);
        legacy
    }

    fn execute(&self, sql: &str) -> diesel::QueryResult<()> {
        PgConnection::establish(self.0.url()).unwrap().batch_execute(sql)
    }

    fn migrator(&self) -> Migrator<'_> {
        Migrator::new(self.0.store()).contexts([Context::Modelling])
    }

    fn adopt(&self, version: &str) {
        let migrator = self.migrator().accepting([TYPE, NULLABLE, RULE]);
        migrator.adopt(Context::Modelling, version).unwrap().unwrap();
    }

    fn drift(&self) -> DriftReport {
        Drift::new(self.0.store()).contexts([Context::Modelling]).run().unwrap()
    }

    fn remembered(&self) -> i64 {
        number(self.0.store(), "SELECT count(*) FROM planwright.accepted_differences")
    }
}

fn keys(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::key).collect()
}

#[test]
fn what_was_accepted_is_listed_by_itself_and_stops_nothing() {
    let legacy = Legacy::adopted();
    for _ in 0..2 {
        let report = legacy.drift();
        assert!(report.is_clean(), "{report}");
        assert_eq!(keys(&report.adopted)[..3], [TYPE, NULLABLE, RULE]);
        let line = "\n[x] accepted when it was adopted: column public.scenario.name has nullable \
                    yes instead of no\n";
        assert!(report.to_string().contains(line), "{report}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["adopted"][0]["object"]["name"], "estimated_cost");
        // And so it is with the releases that come: a view has the columns of its tables.
        let migrator = legacy.migrator();
        let rolled = Rollout::new(&migrator).run().unwrap();
        assert!(rolled.succeeded(), "{rolled}");
    }
    // Whoever names one of them all the same has it in the other list.
    let drift = Drift::new(legacy.0.store()).contexts([Context::Modelling]);
    let report = drift.accepting([NULLABLE]).run().unwrap();
    assert_eq!((keys(&report.accepted), report.unneeded.len()), (vec![NULLABLE.to_owned()], 0));
    assert_eq!(keys(&report.adopted), [TYPE, RULE, VIEW_TYPE]);
    assert!(legacy.execute(DOWN).is_err(), "nothing else knows what was accepted");
    legacy.execute("DELETE FROM planwright.accepted_differences").unwrap();
    let report = legacy.drift();
    assert_eq!(report.adopted, []);
    assert!(keys(&report.differences).contains(&VIEW_TYPE.to_owned()), "{report}");
}

#[test]
fn what_has_changed_since_it_was_accepted_is_news() {
    let legacy = Legacy::adopted();
    for (change, back, key) in [
        (
            "ALTER TABLE recommendation ALTER estimated_cost TYPE numeric(20, 3)",
            "ALTER TABLE recommendation ALTER estimated_cost TYPE numeric(20, 2)",
            TYPE,
        ),
        (
            "ALTER TABLE plan DROP CONSTRAINT of_the_host,
                 ADD CONSTRAINT of_the_host CHECK (property_id > -1)",
            "ALTER TABLE plan DROP CONSTRAINT of_the_host,
                 ADD CONSTRAINT of_the_host CHECK (property_id > 0)",
            RULE,
        ),
    ] {
        legacy.execute(change).unwrap();
        let report = legacy.drift();
        assert!(!report.is_clean(), "{report}");
        let [changed] =
            &report.differences.iter().filter(|one| one.key() == key).collect::<Vec<_>>()[..]
        else {
            panic!("{report}")
        };
        let told = "It was another one that was accepted when the database was adopted. ";
        assert!(changed.remedy.advice.starts_with(told), "{changed}");
        assert_eq!(report.adopted.len(), 2, "{report}");
        let migrator = legacy.migrator();
        let rolled = Rollout::new(&migrator).run().unwrap();
        assert!(!rolled.succeeded(), "{rolled}");
        legacy.execute(back).unwrap();
        assert!(legacy.drift().is_clean());
    }
    // What is mended is as expected.
    legacy.execute("UPDATE scenario SET name = '' WHERE name IS NULL").unwrap();
    legacy.execute("ALTER TABLE scenario ALTER name SET NOT NULL").unwrap();
    assert_eq!(keys(&legacy.drift().adopted), [TYPE, RULE]);
}

#[test]
fn what_a_later_adoption_accepts_takes_the_place_of_what_an_earlier_one_did() {
    let legacy = Legacy::new();
    let all = Migrations::embedded();
    legacy.adopt(BASE);
    assert_eq!(legacy.remembered(), 3);
    let steps = all.as_slice().iter().filter(|one| {
        one.context == Context::Modelling && *one.version > *BASE && *one.version <= *VIEW
    });
    for step in steps {
        legacy.execute(&step.up).unwrap();
    }
    legacy.execute("ALTER TABLE scenario ALTER name SET NOT NULL").unwrap();
    let migrator = legacy.migrator().accepting([TYPE, RULE, VIEW_TYPE]);
    migrator.adopt(Context::Modelling, VIEW).unwrap().unwrap();
    assert_eq!(legacy.remembered(), 3);
    let report = legacy.drift();
    assert!(report.is_clean(), "{report}");
    assert_eq!(keys(&report.adopted), [TYPE, RULE, VIEW_TYPE]);
}

/// A release before knew no such table, and a role may not be allowed to read it.
#[test]
fn whoever_cannot_read_what_was_accepted_is_told_of_it() {
    let legacy = Legacy::adopted();
    legacy.execute("DROP TABLE planwright.accepted_differences").unwrap();
    let report = legacy.drift();
    let missing = "table planwright.accepted_differences: missing".to_owned();
    let found = keys(&report.differences);
    for key in [TYPE.to_owned(), NULLABLE.to_owned(), missing] {
        assert!(found.contains(&key), "{found:?}");
    }
}
