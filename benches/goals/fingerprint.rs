//! How fast content is hashed.

use planwright::testing::TestDatabase;
use planwright::verify::{Fingerprint, Source};

use super::input::{execute, number, server_version};
use crate::harness::{Figures, Goal, Outcome, Race, Ratio, Times, timed};

const ROWS: f64 = 200_000.0;

/// Columns in an order that makes prefixes of them sensible.
const COLUMNS: [&str; 12] = [
    "id",
    "parent_id",
    "kind",
    "title",
    "cost",
    "is_default",
    "points",
    "energy",
    "bill",
    "position",
    "savings",
    "created_at",
];

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let database = TestDatabase::new([])?;
    let store = database.store();
    server_version(store, figures)?;
    // One process reads, as the figure is for each core.
    execute(
        store,
        &format!(
            "CREATE TABLE item AS
             SELECT i::bigint AS id, i % 10000 AS parent_id, 'kind_' || i % 10 AS kind,
                    'title number ' || i AS title, (i * 0.01)::numeric(12, 2) AS cost,
                    i % 7 = 0 AS is_default, (i % 100 * 0.01)::numeric(6, 2) AS points,
                    (i * 0.02)::numeric(12, 2) AS energy, NULL::numeric(12, 2) AS bill,
                    i % 10 AS position, (i * 0.0001)::numeric(10, 4) AS savings,
                    now() + i * interval '1 s' AS created_at
               FROM generate_series(1, {ROWS}) i;
             SET LOCAL statement_timeout = 0; ANALYZE item"
        ),
    )?;
    let of = |columns: usize| {
        let source = Source::table("item").columns(COLUMNS.into_iter().take(columns));
        move |_| timed(|| Fingerprint::take_on(store, std::slice::from_ref(&source), 1))
    };
    let scan = "SELECT count(*)::float8 FROM (SELECT FROM item OFFSET 0) i";
    let [two, eight, twelve, scan] = Race::new()
        .enter("2 columns", of(2))
        .enter("8 columns", of(8))
        .enter("12 columns", of(12))
        .enter("count(*)", |_| timed(|| number(store, scan)))
        .run(20, 1)?;
    let speed = |times: &Times| ROWS / times.median() / 1e6;
    for (times, goal) in [(&two, 1.0), (&eight, 1.0), (&twelve, 0.0)] {
        let goal = if goal > 0.0 { Goal::AtLeast(goal) } else { Goal::None };
        figures.number(&format!("rows of {}", times.name), speed(times), " M/s", goal);
    }
    for times in [&two, &eight, &twelve] {
        let what = format!("fingerprint of {}", times.name);
        figures.ratio(&what, Ratio::cost(times, &scan), Goal::None, None);
    }
    Ok(())
}
