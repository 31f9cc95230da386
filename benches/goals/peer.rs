//! A process of another library that does a job when it is told to, and measures itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::harness::{Figures, Outcome};

pub(crate) struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// A program of those that `./dev bench peers` builds. It says first what it is.
    pub(crate) fn start(program: &str, arguments: &[&str], figures: &mut Figures) -> Outcome<Self> {
        let mut command =
            Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(program));
        let mut process =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(
                |error| format!("{command:?}: {error}. `./dev bench peers` builds them"),
            )?;
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

    /// How long what it was told took.
    pub(crate) fn order(&mut self, order: &str) -> Outcome<Duration> {
        writeln!(self.orders, "{order}")?;
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
