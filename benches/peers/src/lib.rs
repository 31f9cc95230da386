//! What the peers have in common: the input, and the conversation with the benchmark.
//!
//! The benchmark starts each peer with the URL of a database and the key of a scenario, and the peer
//! says its name and version. Then the benchmark writes lines of `property count seed`, and for each the peer replaces that property's plan and
//! answers how many nanoseconds that took.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use rust_decimal::Decimal;

pub struct Input {
    pub property: i64,
    pub scenario: i64,
    pub cost_of_works: Decimal,
    pub contingency_cost: Decimal,
    pub measures: Vec<Measure>,
}

#[derive(Clone)]
pub struct Measure {
    pub measure_type: String,
    pub description: String,
    pub estimated_cost: Decimal,
    pub sap_points: Decimal,
    pub co2_savings_tonnes: Decimal,
}

const TYPES: [&str; 4] =
    ["loft_insulation", "cavity_wall_insulation", "air_source_heat_pump", "solar_pv"];

impl Input {
    pub fn new(property: i64, scenario: i64, count: i64, seed: i64) -> Self {
        let measures = (0..count).map(|nth| Measure {
            measure_type: TYPES[nth as usize % TYPES.len()].to_owned(),
            description: format!("measure {nth}"),
            estimated_cost: Decimal::new(125_050 + 100 * nth + seed, 2),
            sap_points: Decimal::new(45, 1),
            co2_savings_tonnes: Decimal::new(120 + nth, 3),
        });
        Self {
            property,
            scenario,
            cost_of_works: Decimal::new(500_000 + seed, 2),
            contingency_cost: Decimal::new(1_250 * count, 2),
            measures: measures.collect(),
        }
    }
}

pub type Failure = Box<dyn std::error::Error>;

/// The URL and the scenario.
pub fn arguments() -> Result<(String, i64), Failure> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the first argument is the URL of a database")?;
    let scenario = arguments.next().ok_or("the second argument is a scenario")?.parse()?;
    Ok((url, scenario))
}

/// Says what this is.
pub fn introduce(name: &str, package: &str) -> Result<(), Failure> {
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).ok_or("not in Cargo.lock")?;
    let (version, _) = rest.split_once('"').ok_or("no version")?;
    println!("{name} {version}");
    Ok(())
}

/// Answers each line of the standard input. The input is made before the clock starts.
pub async fn converse(
    scenario: i64,
    mut replace: impl AsyncFnMut(Input) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let numbers: Vec<i64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [property, count, seed] = numbers[..] else {
            return Err(format!("{line:?} is not three numbers").into());
        };
        let input = Input::new(property, scenario, count, seed);
        let start = Instant::now();
        replace(input).await?;
        answer(start.elapsed())?;
    }
    Ok(())
}

fn answer(took: Duration) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", took.as_nanos())?;
    Ok(out.flush()?)
}
