//! The memory that a portfolio of any size takes.

use std::process::Command;

use planwright::modelling::PortfolioOptions;
use planwright::{Store, StoreOptions};

use super::input::{database, input};
use crate::harness::{Figures, Goal, Outcome};

const SMALL: usize = 10_000;
const LARGE: usize = 100_000;
const MEASURES: usize = 10;

/// Linux tells a process's peak.
pub(crate) fn measure(figures: &mut Figures) -> Outcome {
    if !cfg!(target_os = "linux") {
        println!("  not measured: this system does not tell a process's peak of memory");
        return Ok(());
    }
    let peak = |figures: &mut Figures, plans: usize| -> Outcome<f64> {
        let (database, scenario) = database(figures)?;
        assert_eq!(scenario.0, 1, "the other process takes the first scenario");
        let output = Command::new(std::env::current_exe()?)
            .args(["--portfolio", database.url(), &plans.to_string()])
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            return Err(
                format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into()
            );
        }
        Ok(said.trim().parse()?)
    };
    let small = peak(figures, SMALL)?;
    let large = peak(figures, LARGE)?;
    figures.number("peak at 10,000 properties", small / 1024.0, " MiB", Goal::None);
    figures.number("peak at 100,000 properties", large / 1024.0, " MiB", Goal::None);
    let each = (large - small) * 1024.0 / (LARGE - SMALL) as f64;
    // A key and a result are 64 bytes, twice that while a table of them grows. The measures of a
    // property are 3,000.
    figures.number("held for each further property", each, " bytes", Goal::AtMost(300.0));
    Ok(())
}

/// Replaces a portfolio and prints the peak of this process's memory in KiB.
pub(crate) fn in_this_process(url: &str, plans: usize) -> Outcome {
    let store = Store::connect(url, &StoreOptions::default())?;
    let properties = (1..).take(plans).map(|property: i64| input(property, 1.into(), MEASURES, 0));
    let summary = store.replace_portfolio(properties, PortfolioOptions::default())?;
    assert_eq!(summary.progress.created, plans);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix(" kB"));
    println!("{}", peak.ok_or("no VmHWM in /proc/self/status")?.trim());
    Ok(())
}
