//! The replace of one plan by other libraries, each in a process of its own.

use super::input::{database, input};
use super::peer::Peer;
use crate::harness::{Figures, Goal, Outcome, Race, Ratio, timed};

const PLANS: i64 = 50;

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let (database, scenario) = database(figures)?;
    let store = database.store();
    let mut start = |program: &str, arguments: &[&str]| -> Outcome<Peer> {
        let scenario = scenario.0.to_string();
        Peer::start(program, &[arguments, &[database.url(), &scenario]].concat(), figures)
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/peer_sqlalchemy.py");
    let mut orm = start("venv/bin/python", &[script, "orm"])?;
    let mut core = start("venv/bin/python", &[script, "core"])?;
    let mut sea_orm = start("release/peer_sea_orm", &[])?;
    let mut sqlx = start("release/peer_sqlx", &[])?;
    let replace = |peer: &mut Peer, property: i64, count: usize, number: i64| {
        peer.order(&format!("{property} {count} {number}"))
    };

    for count in [10, 100, 1_000] {
        // Each has properties of its own, so that none finds what another left.
        let own = |library: i64, number: i64| 1_000 * library + number % PLANS;
        let [ours, orm, core, sea_orm, sqlx] = Race::new()
            .enter("planwright", |number| {
                let (plan, measures) = input(own(1, number), scenario, count, number);
                timed(|| store.write(|uow| uow.plans().replace(&plan, &measures)))
            })
            .enter("SQLAlchemy's ORM", |number| replace(&mut orm, own(2, number), count, number))
            .enter("SQLAlchemy's Core", |number| replace(&mut core, own(3, number), count, number))
            .enter("SeaORM", |number| replace(&mut sea_orm, own(4, number), count, number))
            .enter("sqlx with UNNEST", |number| replace(&mut sqlx, own(5, number), count, number))
            .run(40, if count == 1_000 { 1 } else { 5 })?;
        let what = format!("replace of {count} measures");
        for (peer, least) in [(&orm, 8.0), (&core, 3.0), (&sea_orm, 1.3), (&sqlx, 1.0)] {
            let goal = if count == 100 { Goal::AtLeast(least) } else { Goal::None };
            figures.ratio(&what, Ratio::speed(&ours, peer), goal, None);
        }
    }
    Ok(())
}
