//! A portfolio as JSON Lines, a plan with its measures on each.
//!
//! A line is an object with the fields of `NewPlan`, but for `scenario_id`; with `scenario`, which
//! is a name; and with `measures`, a list of `NewPlanMeasure`s. Blank lines are passed over; of a
//! field that comes twice in an object the last counts.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use planwright::Error;
use planwright::modelling::{
    Goal, NewPlan, NewPlanMeasure, NewScenario, PortfolioId, PropertyId, ScenarioId,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How many bad lines are kept with their reasons; of the others only the number.
const MAX_REASONS: usize = 20;

/// A scenario whose key is not needed yet, or not known.
const ANY_SCENARIO: ScenarioId = ScenarioId(1);

/// A file that can be read again and again.
pub(crate) struct PortfolioFile {
    path: PathBuf,
    pub(crate) bytes: u64,
}

/// What the lines of a file hold.
#[derive(Default)]
pub(crate) struct Checked {
    /// Good lines.
    pub(crate) plans: usize,
    pub(crate) measures: usize,
    /// The names that good lines state.
    pub(crate) scenarios: Vec<String>,
    /// The numbers of bad lines.
    pub(crate) bad: BTreeSet<usize>,
    /// Why the first of them are bad.
    pub(crate) reasons: Vec<BadLine>,
}

/// Why a line cannot be stored.
pub(crate) struct BadLine {
    pub(crate) number: usize,
    pub(crate) why: Refusal,
}

/// What is wrong with a line.
pub(crate) struct Refusal {
    /// Empty where it is the line itself.
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl PortfolioFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("is not a file that can be read more than once"));
        }
        if metadata.len() == 0 {
            return Err(io::Error::other("is empty"));
        }
        Ok(Self { path: path.to_owned(), bytes: metadata.len() })
    }

    /// Looks at every line, without a database. Of lines with one property and scenario the first
    /// is taken.
    pub(crate) fn check<R: Read>(&self, watch: impl FnOnce(File) -> R) -> io::Result<Checked> {
        let mut checked = Checked::default();
        let mut seen = Seen::default();
        let mut lines = Lines::new(watch(File::open(&self.path)?));
        while let Some((number, line)) = lines.next()? {
            match seen.check(number, line) {
                Ok(measures) => {
                    checked.plans += 1;
                    checked.measures += measures;
                }
                Err(why) => {
                    checked.bad.insert(number);
                    if checked.reasons.len() < MAX_REASONS {
                        checked.reasons.push(BadLine { number, why });
                    }
                }
            }
        }
        checked.scenarios = seen.scenarios.into_keys().collect();
        Ok(checked)
    }

    /// The plans of the good lines, one at a time.
    pub(crate) fn plans<'a>(
        &self,
        checked: &'a Checked,
        scenarios: &'a HashMap<String, ScenarioId>,
    ) -> io::Result<Plans<'a>> {
        let lines = Lines::new(File::open(&self.path)?);
        Ok(Plans { lines, bad: &checked.bad, scenarios, failure: None })
    }
}

/// What the good lines so far hold.
#[derive(Default)]
struct Seen {
    /// By name, numbered as they come.
    scenarios: HashMap<String, usize>,
    /// The line of each plan.
    plans: HashMap<(PropertyId, usize), usize>,
}

impl Seen {
    /// How many measures a line has.
    fn check(&mut self, number: usize, line: &[u8]) -> Result<usize, Refusal> {
        let (name, plan, measures) = parse(line)?;
        plan.validate(&measures)?;
        let known = self.scenarios.len();
        let scenario = match self.scenarios.entry(name) {
            Entry::Occupied(scenario) => *scenario.get(),
            Entry::Vacant(new) => {
                new_scenario(new.key()).validate().map_err(Refusal::of_scenario)?;
                *new.insert(known)
            }
        };
        match self.plans.entry((plan.property_id, scenario)) {
            Entry::Occupied(first) => Err(Refusal::new(
                "property_id",
                format!("{} has this scenario in line {} already", plan.property_id, first.get()),
            )),
            Entry::Vacant(new) => {
                new.insert(number);
                Ok(measures.len())
            }
        }
    }
}

/// The scenario that a name in a file stands for.
pub(crate) fn new_scenario(name: &str) -> NewScenario {
    /// Of its own, so that nothing else is touched.
    const PORTFOLIO: PortfolioId = PortfolioId(2);
    NewScenario::new(PORTFOLIO, name, Goal::IncreaseEpc)
}

/// Yields plans until the file ends or something is wrong with it, which [`end`](Self::end) tells.
pub(crate) struct Plans<'a> {
    lines: Lines<File>,
    bad: &'a BTreeSet<usize>,
    scenarios: &'a HashMap<String, ScenarioId>,
    failure: Option<io::Error>,
}

impl Plans<'_> {
    pub(crate) fn end(self) -> io::Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    fn read(&mut self) -> io::Result<Option<(NewPlan, Vec<NewPlanMeasure>)>> {
        while let Some((number, line)) = self.lines.next()? {
            if self.bad.contains(&number) {
                continue;
            }
            let changed =
                || io::Error::other(format!("line {number} was changed while it was read"));
            let (name, mut plan, measures) = parse(line).map_err(|_| changed())?;
            plan.scenario_id = *self.scenarios.get(&name).ok_or_else(changed)?;
            return Ok(Some((plan, measures)));
        }
        Ok(None)
    }
}

impl Iterator for Plans<'_> {
    type Item = (NewPlan, Vec<NewPlanMeasure>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.failure.is_some() {
            return None;
        }
        self.read().unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        })
    }
}

/// Lines with their numbers, one held at a time, blank ones passed over. They need not be UTF-8.
struct Lines<R> {
    from: BufReader<R>,
    number: usize,
    line: Vec<u8>,
}

impl<R: Read> Lines<R> {
    fn new(from: R) -> Self {
        Self { from: BufReader::new(from), number: 0, line: Vec::new() }
    }

    fn next(&mut self) -> io::Result<Option<(usize, &[u8])>> {
        loop {
            self.line.clear();
            if self.from.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some((self.number, self.line.trim_ascii_end())));
            }
        }
    }
}

/// The scenario's name, the plan (its scenario still any), and the measures.
fn parse(line: &[u8]) -> Result<(String, NewPlan, Vec<NewPlanMeasure>), Refusal> {
    let value = serde_json::from_slice(line).map_err(|error| not_json(line, &error))?;
    let Value::Object(mut fields) = value else {
        return Err(Refusal::new("", "must be a JSON object"));
    };
    let mut take = |field| fields.remove(field).ok_or_else(|| Refusal::new(field, "is missing"));
    let Value::String(name) = take("scenario")? else {
        return Err(Refusal::new("scenario", "must be a name"));
    };
    let measures = fields_of("measures", take("measures")?)?;
    if fields.insert("scenario_id".to_owned(), ANY_SCENARIO.0.into()).is_some() {
        return Err(Refusal::new("scenario_id", "is no field here: `scenario` names it"));
    }
    Ok((name, fields_of("", Value::Object(fields))?, measures))
}

fn fields_of<T: DeserializeOwned>(list: &str, value: Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { list.to_owned() } else { format!("{list}{path}") };
        match error.inner().to_string() {
            // What follows is a long list of those that are.
            reason if reason.starts_with("unknown field") => {
                Refusal::new(field, "is no field here")
            }
            reason => Refusal::new(field, reason),
        }
    })
}

/// Reads the line once more, to name the field that it went wrong in.
fn not_json(line: &[u8], error: &serde_json::Error) -> Refusal {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let path = serde_path_to_error::deserialize::<_, Value>(&mut reader)
        .err()
        .map(|error| error.path().to_string())
        .filter(|path| path != "." && path != "?");
    let (at, column) = (error.line(), error.column());
    let whole = error.to_string();
    let reason = whole.strip_suffix(&format!(" at line {at} column {column}")).unwrap_or(&whole);
    Refusal::new(path.unwrap_or_default(), format!("{reason} (column {column})"))
}

impl Refusal {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    /// A line has of a scenario its name only.
    fn of_scenario(error: Error) -> Self {
        Self { field: "scenario".to_owned(), ..error.into() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { field, reason, .. } => Self { field, reason },
            other => Self::new("", other.to_string()),
        }
    }
}

/// On one line of a terminal: what a file says may be long, and hold anything.
impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { field, reason } = &self.why;
        write!(f, "line {}: ", self.number)?;
        for part in [field, reason] {
            let printable = part.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
            let mut shown: String = printable.clone().take(160).collect();
            if printable.count() > 160 {
                shown.push('…');
            }
            f.write_str(&shown)?;
            if std::ptr::eq(part, field) && !field.is_empty() {
                f.write_str(": ")?;
            }
        }
        Ok(())
    }
}
