//! A database that knows nothing of this crate, made by plain SQL.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// The tables that live installations have.
const TABLES: &str =
    include_str!("../../../migrations/2026-11-20-000100_modelling_baseline/up.sql");

/// Of so many plans one shares its first measure with the next plan.
const SHARED_EVERY: i64 = 50;

/// What a plan has of its own.
const MEASURES: i64 = 10;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Legacy {
    pub(super) measures: i64,
}

impl Legacy {
    pub(super) fn plans(self) -> i64 {
        self.measures / MEASURES
    }

    pub(super) fn shared(self) -> i64 {
        (self.plans() - 1) / SHARED_EVERY
    }

    /// Recommendations that no plan has.
    pub(super) fn orphans(self) -> i64 {
        self.measures / 100
    }

    /// Plans up to this one are not made contradictory.
    pub(super) fn calm(self) -> i64 {
        self.plans() / 10 * 9
    }

    /// The tables with their rows. The host has a column of its own, and one that is too narrow.
    pub(super) fn build(self, url: &str) {
        let Self { measures } = self;
        let (plans, orphans) = (self.plans(), self.orphans());
        let mut connection = PgConnection::establish(url).unwrap();
        for sql in [
            TABLES,
            "ALTER TABLE recommendation ALTER COLUMN sap_points TYPE numeric(5, 2)",
            "ALTER TABLE recommendation ADD COLUMN reference text",
            "INSERT INTO scenario (portfolio_id, name, goal) VALUES (1, 'Net zero', 'net_zero')",
            // The rows are right: no checks.
            "SET session_replication_role = replica",
            &format!(
                "INSERT INTO plan (id, property_id, scenario_id, created_at, post_sap_points,
                                   cost_of_works)
                 SELECT n, n, (SELECT min(id) FROM scenario), now() - n * interval '1 second',
                        n % 100, n % 5000
                   FROM generate_series(1, {plans}) n"
            ),
            &format!("SELECT setval('plan_id_seq', {plans})"),
            &format!(
                "INSERT INTO recommendation
                        (id, property_id, measure_type, description, estimated_cost,
                         already_installed, sap_points, co2_savings_tonnes, created_at, reference)
                 SELECT n, (n - 1) / {MEASURES} + 1, 'own', 'measure ' || n, n % 1000, n % 9 = 0,
                        n % 100 / 8.0, nullif(n % 7, 0) / 16.0, now() - n * interval '1 ms',
                        'R' || n
                   FROM generate_series(1, {measures}) n"
            ),
            "INSERT INTO plan_recommendations SELECT property_id, id FROM recommendation ORDER BY id",
            &format!(
                "INSERT INTO plan_recommendations
                 SELECT property_id + 1, id FROM recommendation
                  WHERE id % {MEASURES} = 1 AND property_id % {SHARED_EVERY} = 0
                    AND property_id < {plans}"
            ),
            &format!(
                "INSERT INTO recommendation (id, property_id, measure_type, description)
                 SELECT {measures} + n, 0, 'orphan', n::text FROM generate_series(1, {orphans}) n"
            ),
            &format!("SELECT setval('recommendation_id_seq', {measures} + {orphans})"),
            "VACUUM ANALYZE",
        ] {
            connection.batch_execute(sql).unwrap();
        }
    }
}

/// How many measures a plan has, and what they cost.
pub(super) fn content(plan: i64) -> (i64, i64) {
    let own = (plan - 1) * MEASURES + 1..=plan * MEASURES;
    let second = plan > 1 && (plan - 1) % SHARED_EVERY == 0;
    let shared = second.then_some((plan - 2) * MEASURES + 1);
    own.chain(shared).fold((0, 0), |(count, cost), id| (count + 1, cost + id % 1000))
}
