//! Measured figures, each with its goal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::race::{Times, quantile};

/// What a figure has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
    /// Shown for what it explains.
    None,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) against: String,
    pub(crate) value: f64,
    /// Quartiles over the rounds.
    pub(crate) spread: Option<(f64, f64)>,
    pub(crate) unit: String,
    pub(crate) goal: Goal,
    /// Median seconds of both.
    pub(crate) seconds: Option<(f64, f64)>,
    /// Round trips of both, where they were counted.
    pub(crate) round_trips: Option<(u64, u64)>,
}

/// The figures of one goal, and where they were measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) number: u8,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) date: String,
    pub(crate) machine: String,
    /// Versions of what was measured, by name.
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) list: Vec<Figure>,
}

/// The quotient of two contenders' times.
pub(crate) struct Ratio<'a> {
    above: &'a Times,
    below: &'a Times,
    faster: bool,
}

impl<'a> Ratio<'a> {
    /// How many times as long `ours` takes.
    pub(crate) fn cost(ours: &'a Times, theirs: &'a Times) -> Self {
        Self { above: ours, below: theirs, faster: false }
    }

    /// How many times faster `ours` is.
    pub(crate) fn speed(ours: &'a Times, theirs: &'a Times) -> Self {
        Self { above: theirs, below: ours, faster: true }
    }
}

impl Figures {
    pub(crate) fn new(number: u8, name: &str, title: &str) -> Self {
        let versions = [("planwright", env!("CARGO_PKG_VERSION"))];
        Self {
            number,
            name: name.to_owned(),
            title: title.to_owned(),
            date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
            machine: machine(),
            versions: versions.map(|(name, version)| (name.into(), version.into())).into(),
            list: Vec::new(),
        }
    }

    pub(crate) fn version(&mut self, of: &str, version: &str) {
        self.versions.insert(of.into(), version.into());
    }

    pub(crate) fn ratio(
        &mut self,
        what: &str,
        ratio: Ratio<'_>,
        goal: Goal,
        round_trips: Option<(u64, u64)>,
    ) {
        let (above, below) = (ratio.above.median(), ratio.below.median());
        let pairs = ratio.above.rounds.iter().zip(&ratio.below.rounds);
        let each: Vec<f64> = pairs.map(|(above, below)| above / below).collect();
        let (ours, theirs) =
            if ratio.faster { (ratio.below, ratio.above) } else { (ratio.above, ratio.below) };
        self.add(Figure {
            what: what.to_owned(),
            against: theirs.name.clone(),
            value: above / below,
            spread: Some((quantile(&each, 0.25), quantile(&each, 0.75))),
            unit: if ratio.faster { "× faster" } else { "×" }.to_owned(),
            goal,
            seconds: Some((ours.median(), theirs.median())),
            round_trips,
        });
    }

    pub(crate) fn number(&mut self, what: &str, value: f64, unit: &str, goal: Goal) {
        self.add(Figure {
            what: what.to_owned(),
            against: String::new(),
            value,
            spread: None,
            unit: unit.to_owned(),
            goal,
            seconds: None,
            round_trips: None,
        });
    }

    fn add(&mut self, figure: Figure) {
        let [measured, goal, times, trips] = figure.cells();
        let against = if figure.against.is_empty() { "" } else { "against " };
        println!(
            "  {:38} {against}{:32} {measured:>28}   {goal:14} {:8} {times:24} {trips}",
            figure.what,
            figure.against,
            figure.verdict()
        );
        self.list.push(figure);
    }
}

impl Figure {
    /// The share of the goal that is used up; met up to 1.
    pub(crate) fn share(&self) -> Option<f64> {
        match self.goal {
            Goal::AtMost(bound) => Some(self.value / bound),
            Goal::AtLeast(bound) => Some(bound / self.value),
            Goal::Exactly(_) | Goal::None => None,
        }
    }

    pub(crate) fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::Exactly(bound) => Some((self.value - bound).abs() < f64::EPSILON),
            _ => self.share().map(|share| share <= 1.0),
        }
    }

    pub(crate) fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        }
    }

    /// The figure, its goal, the times and the round trips, as they are shown.
    pub(crate) fn cells(&self) -> [String; 4] {
        let unit = &self.unit;
        let spread = self.spread.map(|(low, high)| format!(" ({}–{})", short(low), short(high)));
        let goal = match self.goal {
            Goal::AtMost(bound) => format!("≤ {bound}{unit}"),
            Goal::AtLeast(bound) => format!("≥ {bound}{unit}"),
            Goal::Exactly(bound) => format!("{bound}{unit}"),
            Goal::None => String::new(),
        };
        let times = self.seconds.map(|(ours, theirs)| format!("{} / {}", time(ours), time(theirs)));
        let trips = self.round_trips.map(|(ours, theirs)| format!("{ours} / {theirs}"));
        [
            format!("{}{unit}{}", short(self.value), spread.unwrap_or_default()),
            goal,
            times.unwrap_or_default(),
            trips.unwrap_or_default(),
        ]
    }
}

/// With three digits.
fn short(value: f64) -> String {
    match value {
        _ if value.fract() == 0.0 => format!("{value}"),
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        0.1..10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        1.0.. => format!("{} s", short(seconds)),
        0.001..1.0 => format!("{} ms", short(seconds * 1e3)),
        _ => format!("{:.0} µs", seconds * 1e6),
    }
}

/// The processor, where the system tells it, and how many cores there are.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let name = name.map_or(std::env::consts::ARCH, |(_, name)| name);
    format!("{cores} cores ({name})")
}
