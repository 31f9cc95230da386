//! Stores a portfolio of modelled plans four times over: as it is, again as it is, with one plan
//! changed, and changed back. Prints what each pass has done and how fast.
//!
//! `cargo run --release --example modelling_run -- examples/data/portfolio.jsonl`

// check: examples/data/portfolio.jsonl

#[path = "support/portfolio_file.rs"]
pub(crate) mod portfolio_file;

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use planwright::local_server::Database;
use planwright::migrate::Migrator;
use planwright::modelling::{PortfolioOptions, PortfolioProgress, ScenarioId, ScenarioTotals};
use planwright::{Context, Page, Store, StoreOptions};

use portfolio_file::{Checked, PortfolioFile, new_scenario};

const HELP: &str = "\
usage: modelling_run PORTFOLIO.jsonl

Stores the plans of a portfolio file in the database that DATABASE_URL names, else in a private
one that is gone afterwards. Each line is one plan:

  {\"property_id\": 1, \"scenario\": \"EPC C by 2030\", \"post_sap_points\": 71.5,
   \"post_epc_band\": \"C\", \"cost_of_works\": 1250.00, \"measures\": [
     {\"measure_type\": \"loft_insulation\", \"estimated_cost\": 1250.00, \"contingency\": 125.00}]}

(on one line). The other fields are those of planwright::modelling::NewPlan and NewPlanMeasure.
Scenarios are found by their name, and created where there is none. All of it is stored four times:
as it is, again, with is_default of the first plan changed, and changed back.

Exit status: 0 every line is stored; 2 all but some bad lines, which are listed; 1 a failure.
";

/// Every line was good, or not every line.
enum Done {
    All,
    ButBadLines,
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let path = match words.as_slice() {
        [word] if word == "--help" || word == "-h" => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [path] => Path::new(path),
        _ => {
            eprint!("{HELP}");
            return ExitCode::FAILURE;
        }
    };
    match run(path) {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::ButBadLines) => ExitCode::from(2),
        Err(error) => {
            eprintln!("modelling_run: {error}");
            let mut why = error.source();
            while let Some(cause) = why {
                eprintln!("  because: {cause}");
                why = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(path: &Path) -> Result<Done, Box<dyn Error>> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    let file = PortfolioFile::open(path).map_err(named)?;
    let bar = bar(file.bytes, "check");
    let checked = file.check(|lines| bar.wrap_read(lines));
    bar.finish_and_clear();
    let checked = checked.map_err(named)?;
    for bad in &checked.reasons {
        eprintln!("{bad}");
    }
    if checked.bad.len() > checked.reasons.len() {
        eprintln!("and {} more bad lines", checked.bad.len() - checked.reasons.len());
    }
    if checked.plans == 0 {
        return Err(format!("{} has no good line: nothing is stored", path.display()).into());
    }

    let database = Database::from_env()?;
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::Modelling]).up()?;
    let report = replace_all(&store, &file, &checked)?;
    let place = match database.server() {
        Some(server) => format!("a private PostgreSQL {}", server.version()),
        None => "the database of DATABASE_URL".to_owned(),
    };
    write!(
        io::stdout(),
        "{}: {} plans with {} measures, {} bad lines; in {place}\n\n{report}",
        path.display(),
        grouped(checked.plans),
        grouped(checked.measures),
        grouped(checked.bad.len()),
    )?;
    Ok(if checked.bad.is_empty() { Done::All } else { Done::ButBadLines })
}

/// What became of a portfolio.
pub(crate) struct Report {
    pub(crate) passes: Vec<Pass>,
    pub(crate) totals: BTreeMap<String, ScenarioTotals>,
    measures: usize,
}

/// One replace of the whole portfolio.
pub(crate) struct Pass {
    name: &'static str,
    pub(crate) progress: PortfolioProgress,
    took: Duration,
}

/// Replaces the portfolio four times, so that the last leaves what is in the file.
pub(crate) fn replace_all(
    store: &Store,
    file: &PortfolioFile,
    checked: &Checked,
) -> Result<Report, Box<dyn Error>> {
    let scenarios = scenarios(store, &checked.scenarios)?;
    let replace = |name, change_first| -> Result<Pass, Box<dyn Error>> {
        let started = Instant::now();
        let bar = bar(checked.plans as u64, name);
        let options = PortfolioOptions::default().actor("modelling_run").on_progress(|progress| {
            bar.set_position(progress.plans() as u64);
            ControlFlow::Continue(())
        });
        let mut plans = file.plans(checked, &scenarios)?;
        let mut change = change_first;
        let input = plans.by_ref().map(|(mut plan, measures)| {
            plan.is_default ^= std::mem::take(&mut change);
            (plan, measures)
        });
        let summary = store.replace_portfolio(input, options);
        bar.finish_and_clear();
        let progress = summary?.progress;
        plans.end()?;
        Ok(Pass { name, progress, took: started.elapsed() })
    };
    let passes = vec![
        replace("as it is", false)?,
        replace("again", false)?,
        replace("one changed", true)?,
        replace("changed back", false)?,
    ];
    let totals = store.read(|uow| {
        let totals =
            |(name, id): (&String, &ScenarioId)| Ok((name.clone(), uow.plans().totals(*id)?));
        scenarios.iter().map(totals).collect()
    })?;
    Ok(Report { passes, totals, measures: checked.measures })
}

/// The scenarios with these names. No unique key stands on a name, so that two runs at a time do
/// not both create one, the unit is serializable.
fn scenarios(store: &Store, names: &[String]) -> planwright::Result<HashMap<String, ScenarioId>> {
    store.transaction().serializable().actor("modelling_run").run(|uow| {
        let mut known: HashMap<String, ScenarioId> = HashMap::new();
        let mut page = Page::first(Page::<ScenarioId>::MAX);
        loop {
            let listed = uow.scenarios().list(new_scenario("").portfolio_id, page)?;
            for scenario in listed.items {
                known.entry(scenario.name).or_insert(scenario.id);
            }
            let Some(last) = listed.next else { break };
            page = Page::after(last, Page::<ScenarioId>::MAX);
        }
        let mut wanted = HashMap::new();
        for name in names {
            let id = match known.get(name) {
                Some(id) => *id,
                None => uow.scenarios().create(&new_scenario(name))?.id,
            };
            wanted.insert(name.clone(), id);
        }
        Ok(wanted)
    })
}

/// Hidden where the standard error is no terminal.
fn bar(length: u64, name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>12} {wide_bar} {percent:>3} % {eta:>4}");
    ProgressBar::new(length).with_prefix(name).with_style(style.expect("a template"))
}

const PASSES: [&str; 8] = [
    "pass",
    "created",
    "replaced",
    "unchanged",
    "measures written",
    "seconds",
    "plans/s",
    "measures/s",
];

const SCENARIOS: [&str; 6] =
    ["scenario", "plans", "cost of works", "contingency", "total", "CO2 saved, t/year"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passes = self.passes.iter().map(|Pass { name, progress, took }| {
            let rate = |count: usize| grouped(count as u128 * 1_000_000 / took.as_micros().max(1));
            [
                (*name).to_owned(),
                grouped(progress.created),
                grouped(progress.replaced),
                grouped(progress.unchanged),
                grouped(progress.measures_inserted),
                format!("{:.2}", took.as_secs_f64()),
                rate(progress.plans()),
                rate(self.measures),
            ]
        });
        table(f, PASSES, passes)?;
        f.write_str("Seconds and rates are of plans and measures read, compared and stored.\n\n")?;

        let totals = self.totals.iter().map(|(name, totals)| {
            [
                name.clone(),
                grouped(totals.plans),
                grouped(&totals.cost_of_works),
                grouped(&totals.contingency_cost),
                grouped(totals.total_cost()),
                grouped(&totals.co2_savings_tonnes),
            ]
        });
        table(f, SCENARIOS, totals)
    }
}

/// The first column to the left, the others to the right.
fn table<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> fmt::Result {
    let rows: Vec<_> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    for row in &rows {
        write!(f, "{:<width$}", row[0], width = widths[0])?;
        for (text, width) in row.iter().zip(widths).skip(1) {
            write!(f, "  {text:>width$}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// A number with commas between its thousands.
fn grouped(number: impl ToString) -> String {
    let text = number.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let first = usize::from(text.starts_with('-'));
    let mut grouped = String::with_capacity(text.len() * 2);
    for (place, digit) in text.chars().enumerate() {
        if place > first && place < whole && (whole - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
