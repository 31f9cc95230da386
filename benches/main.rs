//! Measures what docs/performance.md promises. `./dev bench` runs it.
//!
//! Without an argument everything but the peers is measured, and docs/performance.md is written
//! anew; with a part of a goal's name that goal is measured and printed, and with `--write` its part of
//! the document is written; with `peers` the other libraries, which `./dev bench peers` has built, and
//! the document too.

// Counts and times far from the limits of f64.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]

mod goals;
mod harness;

use harness::{Figures, Outcome};

fn main() -> Outcome {
    // Cargo says `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--portfolio", url, plans] = arguments[..] {
        return goals::memory::in_this_process(url, plans.parse()?);
    }
    let given = arguments.len();
    arguments.retain(|argument| *argument != "--write");
    let write = arguments.len() < given;
    let wanted = |goal: &goals::Goal| match arguments[..] {
        [] => !goal.name.starts_with(goals::PEERS),
        _ => arguments.iter().any(|filter| goal.name.contains(filter)),
    };
    let mut measured = Vec::new();
    for goal in goals::ALL.iter().filter(|goal| wanted(goal)) {
        println!("\n{}. {} ({})", goal.number, goal.title, goal.name);
        let mut figures = Figures::new(goal.number, goal.name, goal.title);
        (goal.measure)(&mut figures)?;
        measured.push(figures);
    }
    if measured.is_empty() {
        let names: Vec<_> = goals::ALL.iter().map(|goal| goal.name).collect();
        return Err(format!("no goal's name has {arguments:?} in it: {}", names.join(", ")).into());
    }
    let all_or_peers = arguments.is_empty() || arguments == [goals::PEERS];
    if all_or_peers || write { harness::document(measured) } else { Ok(()) }
}
