//! The examples' parts that can go wrong without anybody seeing it.

#[path = "../../examples/generate_portfolio.rs"]
#[allow(dead_code)]
mod generate_portfolio;
#[path = "../../examples/modelling_run.rs"]
#[allow(dead_code)]
mod modelling_run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use generate_portfolio::write_portfolio;
use modelling_run::portfolio_file::PortfolioFile;
use modelling_run::{Report, replace_all};
use planwright::Store;
use serde_json::Value;

use crate::support::{execute, modelling, number};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/portfolio.jsonl")
}

fn generated(properties: u64) -> String {
    let mut lines = Vec::new();
    write_portfolio(properties, &mut lines).unwrap();
    String::from_utf8(lines).unwrap()
}

/// A file that is removed with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let name = format!("planwright_{}_{name}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_quickstart_stands_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| fs::read_to_string(root.join(path)).unwrap();
    let quickstart = read("examples/quickstart.rs");
    let code = &quickstart[quickstart.find("\nuse ").unwrap()..];
    assert!(read("README.md").contains(&format!("```rust{code}```")));
}

#[test]
fn the_shipped_portfolio_is_what_the_generator_makes_and_every_line_is_good() {
    assert!(generated(1_000) == fs::read_to_string(shipped()).unwrap(), "generate it again");
    assert!(generated(1_000).starts_with(&generated(10)), "a longer one begins with a shorter one");
    let checked = PortfolioFile::open(&shipped()).unwrap().check(|file| file).unwrap();
    assert!(checked.bad.is_empty(), "{}", checked.reasons[0]);
    assert_eq!((checked.plans, checked.scenarios.len()), (1_000, 2));
}

#[test]
fn the_figures_of_a_generated_plan_follow_from_its_measures() {
    // In ten-thousandths, so that sums are exact.
    let units = |value: &Value| (value.as_f64().unwrap() * 10_000.0).round() as i64;
    let mut types = BTreeSet::new();
    for line in generated(5_000).lines() {
        let plan: Value = serde_json::from_str(line).unwrap();
        let measures = plan["measures"].as_array().unwrap();
        assert!((1..=12).contains(&measures.len()), "{line}");
        let sum = |field| measures.iter().map(|measure| units(&measure[field])).sum::<i64>();
        assert_eq!(sum("estimated_cost"), units(&plan["cost_of_works"]), "{line}");
        assert_eq!(sum("co2_savings_tonnes"), units(&plan["co2_savings_tonnes"]), "{line}");
        assert!(units(&plan["post_co2_tonnes"]) > 0, "{line}");
        let band = match plan["post_sap_points"].as_f64().unwrap().round() as u32 {
            92..=100 => "A",
            81..92 => "B",
            69..81 => "C",
            55..69 => "D",
            39..55 => "E",
            21..39 => "F",
            1..21 => "G",
            none => panic!("{none} points: {line}"),
        };
        assert_eq!(plan["post_epc_band"], band, "{line}");
        let own: BTreeSet<_> =
            measures.iter().map(|m| m["measure_type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(own.len(), measures.len(), "a measure twice: {line}");
        types.extend(own);
    }
    assert_eq!(types.len(), 25);
}

#[test]
fn bad_lines_are_told_by_number_and_field_and_the_others_are_taken() {
    let plan = |rest: &str| format!(r#"{{"property_id":7,"scenario":"S",{rest}}}"#);
    let measure = |rest: &str| plan(&format!(r#""measures":[{{"measure_type":"x"{rest}}}]"#));
    let good = measure("");
    let named = |name: &str| format!(r#"{{"property_id":7,"scenario":"{name}","measures":[]}}"#);
    let lines: Vec<(String, &str, &str)> = vec![
        (r#"{"property_id":7"#.to_owned(), "", "EOF while parsing an object (column 16)"),
        ("[7]".to_owned(), "", "must be a JSON object"),
        (plan(r#""post_sap_points":NaN"#), "post_sap_points", "expected value (column 51)"),
        (plan(r#""measures":[],"cost_of_works":"NaN""#), "cost_of_works", "invalid value"),
        (plan(r#""measures":[],"cost_of_work":1"#), "cost_of_work", "is no field here"),
        (plan(r#""measures":[],"scenario_id":1"#), "scenario_id", "is no field here"),
        (plan(r#""measures":7"#), "measures", "invalid type"),
        (plan(r#""is_default":true"#), "measures", "is missing"),
        (r#"{"scenario":"S","measures":[]}"#.to_owned(), "", "missing field `property_id`"),
        (r#"{"property_id":7,"measures":[]}"#.to_owned(), "scenario", "is missing"),
        (named(" "), "scenario", "must not be blank"),
        (named(&"n".repeat(201)), "scenario", "must be at most 200 characters"),
        (measure(r#","contingency":-0.01"#), "measures[0].contingency", "must not be negative"),
        (measure(r#","colour":1"#), "measures[0].colour", "is no field here"),
        (
            measure(&format!(r#","description":"{}""#, "é".repeat(10_001))),
            "measures[0].description",
            "must be at most 10000 characters",
        ),
        (good.clone(), "property_id", "7 has this scenario in line 1 already"),
    ];
    let text: Vec<_> =
        [good.as_str(), " "].into_iter().chain(lines.iter().map(|l| &*l.0)).collect();
    let file = Scratch::new("bad", text.join("\r\n"));
    let checked = PortfolioFile::open(&file.0).unwrap().check(|file| file).unwrap();
    assert_eq!((checked.plans, checked.measures), (1, 1));
    assert_eq!(checked.scenarios, ["S"]);
    assert_eq!(checked.reasons.len(), lines.len());
    for (bad, (number, (_, field, reason))) in checked.reasons.iter().zip((3..).zip(&lines)) {
        assert_eq!((bad.number, bad.why.field.as_str()), (number, *field), "{bad}");
        assert!(bad.why.reason.starts_with(reason), "{bad}");
    }

    let many = Scratch::new("many", [&b"\xff\n".repeat(30), good.as_bytes()].concat());
    let checked = PortfolioFile::open(&many.0).unwrap().check(|file| file).unwrap();
    assert_eq!((checked.plans, checked.bad.len(), checked.reasons.len()), (1, 30, 20));

    let empty = Scratch::new("empty", "");
    assert!(PortfolioFile::open(&empty.0).is_err());
}

#[test]
fn a_second_run_finds_everything_as_the_first_has_left_it() {
    const OTHERS: &str = "SELECT sum(xmin::text::bigint * id) FROM plan WHERE property_id > 100001";
    let database = modelling();
    let store = database.store();
    let file = Scratch::new("run", format!("{}bad\n", generated(50)));
    let run = |store: &Store| -> Report {
        let file = PortfolioFile::open(&file.0).unwrap();
        let checked = file.check(|file| file).unwrap();
        replace_all(store, &file, &checked).unwrap()
    };
    let outcomes = |report: &Report| -> Vec<_> {
        let counts = |pass: &modelling_run::Pass| {
            (pass.progress.created, pass.progress.replaced, pass.progress.unchanged)
        };
        report.passes.iter().map(counts).collect()
    };
    let first = run(store);
    assert_eq!(outcomes(&first), [(50, 0, 0), (0, 0, 50), (0, 1, 49), (0, 1, 49)]);
    assert_eq!(first.totals.values().map(|totals| totals.plans).sum::<i64>(), 50);
    let before = number(store, OTHERS);
    let second = run(store);
    assert_eq!(outcomes(&second), [(0, 0, 50), (0, 0, 50), (0, 1, 49), (0, 1, 49)]);
    assert_eq!(number(store, OTHERS), before);
    assert_eq!(first.totals, second.totals);
    assert_eq!(number(store, "SELECT count(*) FROM scenario"), 2);

    store.write(|uow| execute(uow, "DELETE FROM plan WHERE property_id = 100002")).unwrap();
    assert_eq!(outcomes(&run(store))[0], (1, 0, 49));
}
