//! The replace of one plan by other libraries, each in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use planwright::modelling::ScenarioId;

use super::input::{database, input};
use crate::harness::{Figures, Goal, Outcome, Race, Ratio, timed};

const PLANS: i64 = 50;

pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    let (database, scenario) = database(figures)?;
    let store = database.store();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = root.join("target/peers");
    let python = built.join("venv/bin/python");
    let script = root.join("benches/peers/peer_sqlalchemy.py");
    let mut start = |program: &Path, arguments: &[&str]| -> Outcome<Peer> {
        let mut command = Command::new(program);
        Peer::start(command.args(arguments), database.url(), scenario, figures)
    };
    let script = script.to_string_lossy();
    let mut orm = start(&python, &[&script, "orm"])?;
    let mut core = start(&python, &[&script, "core"])?;
    let mut sea_orm = start(&built.join("release/peer_sea_orm"), &[])?;
    let mut sqlx = start(&built.join("release/peer_sqlx"), &[])?;

    for count in [10, 100, 1_000] {
        // Each has properties of its own, so that none finds what another left.
        let own = |library: i64, number: i64| 1_000 * library + number % PLANS;
        let [ours, orm, core, sea_orm, sqlx] = Race::new()
            .enter("planwright", |number| {
                let (plan, measures) = input(own(1, number), scenario, count, number);
                timed(|| store.write(|uow| uow.plans().replace(&plan, &measures)))
            })
            .enter("SQLAlchemy's ORM", |number| orm.replace(own(2, number), count, number))
            .enter("SQLAlchemy's Core", |number| core.replace(own(3, number), count, number))
            .enter("SeaORM", |number| sea_orm.replace(own(4, number), count, number))
            .enter("sqlx with UNNEST", |number| sqlx.replace(own(5, number), count, number))
            .run(40, if count == 1_000 { 1 } else { 5 })?;
        let what = format!("replace of {count} measures");
        for (peer, least) in [(&orm, 8.0), (&core, 3.0), (&sea_orm, 1.3), (&sqlx, 1.0)] {
            let goal = if count == 100 { Goal::AtLeast(least) } else { Goal::None };
            figures.ratio(&what, Ratio::speed(&ours, peer), goal, None);
        }
    }
    Ok(())
}

/// A process that replaces plans when it is told to.
struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// It says first what it is.
    fn start(
        command: &mut Command,
        url: &str,
        scenario: ScenarioId,
        figures: &mut Figures,
    ) -> Outcome<Self> {
        let mut process = command
            .args([url, &scenario.0.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?}: {error}. `./dev bench peers` builds them"))?;
        let (orders, answers) = (process.stdin.take(), process.stdout.take());
        let (Some(orders), Some(answers)) = (orders, answers) else {
            return Err("a peer has no pipes".into());
        };
        let mut peer = Self { process, orders, answers: BufReader::new(answers) };
        for library in peer.line()?.split(", ") {
            let (name, version) = library.rsplit_once(' ').ok_or("no version")?;
            figures.version(name, version);
        }
        Ok(peer)
    }

    fn replace(&mut self, property: i64, count: usize, number: i64) -> Outcome<Duration> {
        writeln!(self.orders, "{property} {count} {number}")?;
        self.orders.flush()?;
        Ok(Duration::from_nanos(self.line()?.parse()?))
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() {
            return Err(format!("a peer has ended: {}", self.process.wait()?).into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
