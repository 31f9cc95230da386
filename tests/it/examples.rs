//! The examples' parts that can go wrong without anybody seeing it.

#[path = "../../examples/cutover.rs"]
#[allow(dead_code)]
mod cutover;
#[path = "../../examples/feature_planner.rs"]
#[allow(dead_code)]
pub(crate) mod feature_planner;
#[path = "../../examples/generate_portfolio.rs"]
#[allow(dead_code)]
mod generate_portfolio;
#[path = "../../examples/meal_plan.rs"]
#[allow(dead_code)]
mod meal_plan;
#[path = "../../examples/modelling_run.rs"]
#[allow(dead_code)]
mod modelling_run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bigdecimal::BigDecimal;
use generate_portfolio::write_portfolio;
use modelling_run::portfolio_file::PortfolioFile;
use modelling_run::{Report, replace_all};
use planwright::meal_planning::NewIngredient;
use planwright::testing::TestDatabase;
use planwright::{Context, Store};
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

#[test]
fn the_foods_of_the_shipped_file_are_such_as_there_are() {
    let number = |value: &BigDecimal| value.to_string().parse::<f64>().unwrap();
    let mut reader = csv::Reader::from_reader(meal_plan::FOODS.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.len(), 10, "{header:?}");
    let mut names = BTreeSet::new();
    for record in reader.records() {
        let record = record.unwrap();
        let food: NewIngredient = record.deserialize(Some(&header)).unwrap();
        food.validate().unwrap();
        let [energy, protein, carbohydrate, sugars, fat, saturated, fibre, salt, water] = [
            &food.energy_kcal,
            &food.protein_g,
            &food.carbohydrate_g,
            &food.sugars_g,
            &food.fat_g,
            &food.saturated_fat_g,
            &food.fibre_g,
            &food.salt_g,
            &food.water_g,
        ]
        .map(number);
        // Carbohydrate is the rest of 100 g, so what is missing is ash, or alcohol.
        let parts = protein + carbohydrate + fat + water;
        assert!((94.0..=103.0).contains(&parts), "{}: parts of {parts} g", food.name);
        assert!(sugars <= carbohydrate && fibre <= carbohydrate, "{}: carbohydrate", food.name);
        assert!(saturated <= fat, "{}: fat", food.name);
        assert!(salt <= 2.5, "{}: {salt} g of salt", food.name);
        let estimate = 4.0 * protein + 9.0 * fat + 4.0 * carbohydrate;
        assert!(
            (0.76..=1.12).contains(&(energy / estimate)),
            "{}: {energy} kcal, where its parts give {estimate}",
            food.name
        );
        // What was read is what is written: no digit comes from a binary fraction.
        let read = [&food.energy_kcal, &food.salt_g].map(ToString::to_string);
        assert_eq!(read, [&record[1], &record[8]], "{}", food.name);
        assert!(names.insert(food.name.clone()), "{} is there twice", food.name);
    }
    assert!(names.len() >= 60, "{} foods", names.len());
}

#[test]
fn the_story_of_a_meal_plan_can_be_told_twice_on_one_database() {
    let database = TestDatabase::new([Context::MealPlanning]).unwrap();
    let tell = || {
        let mut out = Vec::new();
        meal_plan::tell(database.store(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let (first, second) = (tell(), tell());
    assert!(first.starts_with("64 of 64 ingredients: Created\n0 of 64 ingredients: Unchanged\n"));
    assert!(second.starts_with("0 of 64 ingredients: Created\n64 of 64 ingredients: Unchanged\n"));
    for text in [&first, &second] {
        for part in [
            "  together     713.0  1193.7    48.9   161.7    41.1    26.9     2.4\n",
            "  > day 0, Lunch, Bread: to place 0\n",
            " * 1 Office lunches 3 meals, 13 lines. Amy: A start [start]\n",
            " version 2 was expected, version 3 is stored\n",
            "  + day 1, Snack, Fruit\n",
            "  version 4 stays: [Newest, Last, Active, RecentlyActive]\n  version 3 goes\n",
            " * 4 Lunches        4 meals, 14 lines. Ben: Not only for the office\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        // Keys that nobody can read are not for people.
        let long = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
        assert!(long.clone().all(|word| word.len() < 36), "{text}");
    }
    assert_eq!(number(database.store(), "SELECT count(*) FROM plan_versions"), 8);
}

#[test]
fn the_story_of_a_cutover_can_be_told_twice_on_one_database() {
    let database = TestDatabase::new([Context::Cutover]).unwrap();
    for _ in 0..2 {
        let mut out = Vec::new();
        cutover::tell(database.store(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            "  Rehearsal 1 is new\n  Rehearsal 1 is there already, and stays as it is\n",
            "is IN_PROGRESS by now, and not PLANNING\n  Rehearsal 1 is COMPLETED, by amy\n",
            "\"Cutover\" is PLANNING, and a migration has at most one open CUTOVER iteration",
            "  type: DR, then CUTOVER\n  status: COMPLETED, then PLANNING\n",
            "  Rehearsal 1          DR       COMPLETED  2027-03-06  A: by the book\n",
            "3 iterations of 2 master plans: [\"A: by the book\", \"B: with a way back\"]\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!planwright::cutover::policy::is_enabled(database.store()).unwrap());
    }
    assert_eq!(number(database.store(), "SELECT count(*) FROM iterations_ite"), 6);
}

#[test]
fn the_story_of_a_feature_can_be_told_twice_on_one_database() {
    let database = TestDatabase::new([Context::FeaturePlanner]).unwrap();
    for _ in 0..2 {
        let mut out = Vec::new();
        feature_planner::tell(database.store(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            "  strict  completed\n  bold    failed     the model is overloaded\n",
            ": is failed, and only a completed one can be selected\n",
            "  [x] critical src/invoice/list.rs\n  [x] critical src/payment.rs\n  [x] high     docs/payments.md, by hand\n  [ ] medium ",
            "  1. List invoices\n  2. Show open ones\n  3. Take payments\n  4. Review, from a template\n",
            " cannot go from completed to refining\n",
            "5 attempts, 4 of them completed and 1 failed: 16830 tokens, 67000 ms.\n",
            "  conductor\n    strict        4200 ms\n    bold          failed: the model is overloaded\n",
            "  refinement  4 calls    1930 tokens   36300 ms\n",
            "  all         6 calls   16830 tokens   67000 ms\n",
            "\"paying invoice\": Customers want to see their *invoices* and *pay* the open ones.\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }
    let plans = number(database.store(), "SELECT count(*) FROM feature_planner.feature_plans");
    assert_eq!(plans, 2);
}
