//! The commit of a draft by an ORM, in a process of its own.

use planwright::Context;
use planwright::testing::TestDatabase;

use super::author::{Author, WEEK};
use super::input::server_version;
use super::peer::Peer;
use crate::harness::{Figures, Goal, Outcome, Race, Ratio};

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let database = TestDatabase::new([Context::MealPlanning])?;
    server_version(database.store(), figures)?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/peer_sqlalchemy_commit.py");
    let mut orm = Peer::start("venv/bin/python", &[script, database.url()], figures)?;
    let mut ours = Author::new(database.store(), WEEK)?;
    let mut theirs = Author::new(database.store(), WEEK)?;
    let [ours, orm] = Race::new()
        .enter("planwright", |number| Ok(ours.commit(number)?))
        .enter("SQLAlchemy's ORM", |number| {
            let (draft, revision) = theirs.draft(number)?;
            orm.order(&format!("{draft} {}", revision.0))
        })
        .run(20, 1)?;
    let what = "commit of 28 × 4 × 12 lines";
    figures.ratio(what, Ratio::speed(&ours, &orm), Goal::AtLeast(8.0), None);
    Ok(())
}
