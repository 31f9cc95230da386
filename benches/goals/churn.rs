//! The commit of a draft that was filled and emptied again and again, while autovacuum cleans up
//! behind it.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::{Context, Store, StoreOptions};

use super::author::{Author, WEEK};
use super::commit::copy_versions;
use super::input::number;
use crate::harness::{Figures, Goal, Outcome, Race, Ratio};

const CYCLES: i64 = 300;
/// Right before a commit, of its own draft.
const MORE: i64 = 5;

const DEAD: &str =
    "SELECT sum(n_dead_tup)::float8 FROM pg_stat_user_tables WHERE relname LIKE 'draft\\_%'";
const SIZE: &str = "SELECT (sum(pg_total_relation_size(relid)) / 1048576.0)::float8
                      FROM pg_stat_user_tables WHERE relname LIKE 'draft\\_%'";
const VACUUMS: &str =
    "SELECT sum(autovacuum_count)::float8 FROM pg_stat_user_tables WHERE relname LIKE 'draft\\_%'";

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    // It looks every minute otherwise. The cycles of a day take less than that here.
    let server = LocalServer::builder().setting("autovacuum_naptime", "5s").start()?;
    let connect = |name: &str| -> Outcome<Store> {
        let mut admin = PgConnection::establish(&server.url("postgres"))?;
        admin.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let store = Store::connect(&server.url(name), &StoreOptions::default())?;
        Migrator::new(&store).contexts([Context::MealPlanning]).up()?;
        Ok(store)
    };
    let (healthy, churned) = (connect("healthy")?, connect("churned")?);
    let mut calm = Author::new(&healthy, WEEK)?;
    let mut busy = Author::new(&churned, WEEK)?;
    // Not what this is about: foreign keys into small tables are checked by scans.
    copy_versions(&healthy, 30)?;
    copy_versions(&churned, 30)?;

    let mut draft = busy.begin()?;
    for cycle in 1..=CYCLES {
        draft.1 = busy.fill(draft, cycle)?;
        draft.1 = busy.empty(draft)?;
    }
    figures.number("draft rows dead after 300 cycles", number(&churned, DEAD)?, "", Goal::None);
    figures.number("size of the draft tables", number(&churned, SIZE)?, " MiB", Goal::None);
    figures.number("vacuums of them so far", number(&churned, VACUUMS)?, "", Goal::None);
    draft.1 = busy.fill(draft, CYCLES + 1)?;
    busy.commit_draft(&churned, draft)?;

    let [without, after] = Race::new()
        .enter("a database without them", |number| Ok(calm.commit(number)?))
        .enter("after 300 cycles", |number| Ok(busy.commit(number)?))
        .run(40, 2)?;
    let what = "commit after 300 fills and empties";
    figures.ratio(what, Ratio::cost(&after, &without), Goal::AtMost(1.3), None);

    let [without, after] = Race::new()
        .enter("a database without them", |number| Ok(calm.commit(CYCLES + number)?))
        .enter("after 5 more of the very draft", |number| {
            let mut draft = busy.begin()?;
            for _ in 0..MORE {
                draft.1 = busy.fill(draft, number)?;
                draft.1 = busy.empty(draft)?;
            }
            draft.1 = busy.fill(draft, CYCLES + number)?;
            Ok(busy.commit_draft(&churned, draft)?)
        })
        .run(20, 1)?;
    let what = "commit after 5 more of the very draft";
    figures.ratio(what, Ratio::cost(&after, &without), Goal::None, None);
    figures.number("draft rows dead at the end", number(&churned, DEAD)?, "", Goal::None);
    figures.number("size of the draft tables then", number(&churned, SIZE)?, " MiB", Goal::None);
    figures.number("vacuums of them by then", number(&churned, VACUUMS)?, "", Goal::None);
    Ok(())
}
