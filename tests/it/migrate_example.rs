//! The migrate example as its user has it: arguments, output and exit status.

#[path = "../../examples/migrate/main.rs"]
#[allow(dead_code)]
mod migrate;

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use clap::Parser;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::local_server::LocalServer;
use planwright::testing::TestDatabase;
use serde_json::Value;

use crate::support::{modelling, replica_of};

const LEGACY: &str = include_str!("migrate/legacy.sql");
const BASE: &str = "20261120000100";
const KEY: &str = "20261120000700";
const CLOSE: &str = "20261120000950";
const CONTRACT: &str = "20261120001000";

/// What a call left.
#[derive(Debug)]
struct Done {
    status: u8,
    out: String,
    err: String,
}

/// Runs it on a database.
fn run(database: &TestDatabase, words: &[&str]) -> Done {
    run_at(database.url(), words)
}

fn run_at(url: &str, words: &[&str]) -> Done {
    let at = ["migrate", "--database-url", url];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = match migrate::Arguments::try_parse_from(at.iter().chain(words)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            let status = wrong.exit_code().try_into().unwrap();
            return Done { status, out: String::new(), err: wrong.to_string() };
        }
    };
    let status = migrate::execute(&arguments, &mut out, &mut err);
    let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
    let airy = words.contains(&"--sql") || words.contains(&"diagram");
    for text in [&out, &err] {
        assert!(!text.contains("\n\n") || airy, "a blank line: {text}");
        assert!(text.is_empty() || text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
    }
    Done { status, out, err }
}

/// Runs it where it goes well.
fn fine(database: &TestDatabase, words: &[&str]) -> String {
    let Done { status, out, err } = run(database, words);
    assert_eq!(status, 0, "{words:?}: {out}{err}");
    out
}

/// The same with JSON, which is all that is printed.
fn json(database: &TestDatabase, status: u8, words: &[&str]) -> Value {
    let done = run(database, &[words, &["--json"]].concat());
    assert_eq!(done.status, status, "{words:?}: {done:?}");
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {done:?}"))
}

fn empty() -> TestDatabase {
    TestDatabase::new([]).unwrap()
}

fn legacy() -> TestDatabase {
    let database = empty();
    PgConnection::establish(database.url()).unwrap().batch_execute(LEGACY).unwrap();
    database
}

/// A file that is removed with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(database: &TestDatabase, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{}.json", database.name()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_story_of_a_database_that_was_there_before() {
    // Its users are none that another context could refer to.
    let with = |words: &[&str]| -> Vec<String> {
        ["-c", "modelling"].iter().chain(words).map(|word| (*word).to_owned()).collect()
    };
    fn of(words: &[String]) -> Vec<&str> {
        words.iter().map(String::as_str).collect()
    }
    let run = |database: &TestDatabase, words: &[&str]| run(database, &of(&with(words)));
    let fine = |database: &TestDatabase, words: &[&str]| fine(database, &of(&with(words)));
    let json =
        |database: &TestDatabase, status, words: &[&str]| json(database, status, &of(&with(words)));
    let database = legacy();
    let sql = |sql| {
        let mut connection = PgConnection::establish(database.url()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    sql("ALTER TABLE recommendation DROP CONSTRAINT \"CK_cost\", ALTER estimated_cost TYPE text");

    // What is there is not made again.
    let made = run(&database, &["up"]);
    assert_eq!(made.status, 1);
    assert!(
        made.err.contains(&format!("`migrate -c modelling adopt modelling {BASE}`")),
        "{made:?}"
    );

    // Refused: what stands against it is a report, and changes nothing.
    let adopt = ["adopt", "modelling", BASE];
    let refused = run(&database, &adopt);
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.out.starts_with("2 against adopting modelling at"), "{}", refused.out);
    let type_key = "column public.recommendation.estimated_cost: type";
    assert!(refused.out.contains(&format!("To accept it: \"{type_key}\"")), "{}", refused.out);
    let report = json(&database, 3, &adopt);
    assert_eq!(report["against"].as_array().unwrap().len(), 2);
    assert_eq!(run(&database, &["status"]).status, 3);

    sql("ALTER TABLE recommendation ALTER estimated_cost TYPE numeric(12, 2)
             USING estimated_cost::numeric, ADD CHECK (estimated_cost >= 0);
         ALTER TABLE scenario ALTER name DROP NOT NULL");
    let key = "column public.scenario.name: nullable";
    assert_eq!(run(&database, &adopt).status, 3);
    let accepting = [&adopt[..], &["--accept", key]].concat();
    let looked = fine(&database, &[&accepting[..], &["--compare-only"]].concat());
    assert!(looked.starts_with("modelling can be adopted at"), "{looked}");
    assert_eq!(run(&database, &adopt).status, 3, "a look changes nothing");
    fine(&database, &accepting);
    assert_eq!(fine(&database, &adopt), "it is recorded already\n");
    assert_eq!(json(&database, 0, &adopt), Value::Null);

    // What was accepted is known from then on.
    let verified = fine(&database, &["verify"]);
    assert!(verified.contains("\n[x] accepted when it was adopted: column public.scenario.name"));
    fine(&database, &["verify", "--accept", key]);
    assert!(verified.contains("\n[-] recommendation_plan_id_fk: waits for"), "{verified}");
    let saved = Scratch::new(&database, &fine(&database, &["fingerprint", "--json"]));
    fine(&database, &["rollout", "--back-on-failure"]);
    assert_eq!(fine(&database, &["up"]), "nothing to do\n");
    assert!(fine(&database, &["status"]).starts_with("current\n"));
    let compared = fine(&database, &["fingerprint", "--compare", saved.path()]);
    assert!(compared.starts_with("[x] plan: the same 5 rows\n"), "{compared}");

    // Each held step, and what it asks for.
    assert_eq!(run(&database, &["plan", CONTRACT]).status, 1);
    fine(&database, &["contract", KEY]);
    let guarded = run(&database, &["contract", CLOSE]);
    assert_eq!(guarded.status, 1);
    assert!(guarded.err.contains("refused by its guard, which lists 1: 5 links"), "{guarded:?}");
    assert_eq!(run(&database, &["dry-run", CLOSE]).status, 3);
    let ran = fine(&database, &["job", "modelling_backfill"]);
    assert_eq!(ran, "[x] modelling_backfill: finished, 5 rows of about 5, pass 1\n");
    assert_eq!(fine(&database, &["job"]), ran);
    fine(&database, &["contract", CLOSE]);
    let planned = fine(&database, &["plan", CONTRACT]);
    let asks = ", after the job modelling_backfill, once no_readers_left is stated)\n";
    assert!(planned.lines().next().unwrap().ends_with(asks.trim_end()), "{planned}");
    assert!(fine(&database, &["plan", CONTRACT, "--sql"]).contains(asks));
    let rehearsed = json(&database, 0, &["dry-run", CONTRACT]);
    assert_eq!(rehearsed["migrations"][0]["confirm"], "no_readers_left");
    let asked = run(&database, &["contract", CONTRACT]);
    assert_eq!(asked.status, 1);
    assert!(asked.err.contains("The database shows: plan_recommendations was read"), "{asked:?}");
    let call = "call `migrate -c modelling contract \
                2026-11-20-001000_modelling_contract_plan_recommendations \
                --confirm no_readers_left`\n";
    assert!(asked.err.ends_with(call), "{asked:?}");
    let stated = ["contract", CONTRACT, "--confirm", "no_readers_left"];
    assert!(fine(&database, &stated).starts_with("applied 2026-11-20-001000_modelling_contract"));
    assert_eq!(fine(&database, &stated), "it is applied already\n");

    let verified = fine(&database, &["verify"]);
    assert!(!verified.contains("[ ]") && !verified.contains("waits for"), "{verified}");
    // The join is gone, and so is what was saved of it.
    let gone = run(&database, &["fingerprint", "--compare", saved.path()]);
    assert_eq!(gone.status, 3);
    assert!(gone.out.contains("[ ] plan_recommendations: is gone, or was not read"), "{gone:?}");

    let back = fine(&database, &["down"]);
    assert!(back.starts_with("took back 2026-11-20-001000_modelling_contract"), "{back}");
    fine(&database, &["down", "--to", BASE]);
    let compared = fine(&database, &["fingerprint", "--compare", saved.path()]);
    assert!(compared.contains("[x] recommendation: the same 5 rows"), "{compared}");
    sql("UPDATE recommendation SET description = 'x' WHERE id = 1");
    let compared = run(&database, &["fingerprint", "--compare", saved.path()]);
    assert_eq!(compared.status, 3);
    assert!(compared.out.contains("[ ] recommendation: 5 rows, with other content"));
    let adopted = run(&database, &["down"]);
    assert!(adopted.err.contains("was adopted"), "{adopted:?}");
}

#[test]
fn the_story_of_a_new_database() {
    let database = empty();
    assert_eq!(run(&database, &["status"]).status, 3);
    assert!(fine(&database, &["plan"]).starts_with("[ ] 2026-11-20-000000_core_history"));
    let script = fine(&database, &["plan", "--sql"]);
    assert!(script.contains("\nCREATE TABLE planwright.migrations (\n"), "{script}");
    assert!(fine(&database, &["dry-run"]).starts_with("rehearsed in "));
    let first = fine(&database, &["up", "--to", BASE]);
    assert_eq!(first.lines().count(), 2, "{first}");
    assert_eq!(fine(&database, &["-c", "core", "up"]).lines().count(), 4);
    let up = run(&database, &["up"]);
    let begins = "migrate: 2026-11-20-000300_modelling_recommendation_plan_id (expand) begins\n";
    assert!(up.err.contains(begins), "{up:?}");
    assert_eq!(up.err.lines().count(), up.out.lines().count());
    assert!(up.out.lines().all(|line| line.starts_with("applied 2026-")), "{up:?}");
    assert!(fine(&database, &["verify"]).contains("[-] held: "));
    assert!(
        fine(&database, &["inventory"])
            .starts_with("table feature_planner.discovered_files (feature_planner)\n")
    );
    assert!(fine(&database, &["diagram"]).contains("erDiagram"));
    assert!(fine(&database, &["diagram", "--format", "dot"]).starts_with("digraph"));
    assert!(fine(&database, &["diagram", "--overview"]).contains("flowchart"));
    assert!(fine(&database, &["verify", "--sql"]).contains("\\gset"));
    assert_eq!(fine(&database, &["job"]), "no job has begun\n");
    assert_eq!(fine(&database, &["down", "--steps", "2"]).lines().count(), 2);
    fine(&database, &["down", "--steps", "100"]);
    assert_eq!(fine(&database, &["down"]), "nothing to take back\n");
    assert_eq!(run(&database, &["verify"]).status, 3);
    assert_eq!(run(&database, &["diagram"]).status, 1);
}

#[test]
fn the_job_that_makes_iterations_tells_which() {
    let database = empty();
    let legacy = include_str!("cutover/transition/legacy.sql");
    PgConnection::establish(database.url()).unwrap().batch_execute(legacy).unwrap();
    let of = |words: &[&'static str]| [&["-c", "cutover"], words].concat();
    fine(&database, &of(&["adopt", "cutover", "20261120191000"]));
    fine(&database, &of(&["up"]));
    let ran = fine(&database, &of(&["job", "cutover_backfill"]));
    let lines: Vec<_> = ran.lines().collect();
    assert_eq!(lines[0], "[x] cutover_backfill: finished, 9 rows of about 9, pass 1");
    assert_eq!(lines.len(), 3);
    for (line, migration) in lines[1..].iter().zip([15, 16]) {
        assert!(line.starts_with("[x] migration 00000000-"), "{line}");
        assert!(line.contains(&format!("(Move {migration}) has got iteration ")), "{line}");
    }
    // Whoever asks again is told again.
    let again = json(&database, 0, &of(&["job", "cutover_backfill"]));
    assert_eq!(again["finished_before"]["rows_done"], 9, "{again}");
    assert_eq!(again["made"][1]["mig_name"], "Move 16", "{again}");
    let check = "2026-11-20-191300_cutover_iteration_plan_check";
    fine(&database, &of(&["contract", check]));
}

#[test]
fn every_verb_prints_json_and_nothing_else() {
    let database = empty();
    let names = |of: Value| of.as_array().unwrap().len();
    assert!(json(&database, 3, &["status"])["state"]["behind"].is_object());
    assert_eq!(json(&database, 3, &["verify"])["sanity"], Value::Null);
    assert_eq!(json(&database, 0, &["plan"])["migrations"][0]["version"], "20261120000000");
    assert!(json(&database, 0, &["dry-run"])["migrations"][0]["ending"].is_string());
    assert_eq!(names(json(&database, 0, &["up", "--to", BASE])), 2);
    assert!(names(json(&database, 0, &["up"])) > 2);
    assert_eq!(names(json(&database, 0, &["up"])), 0);
    assert_eq!(json(&database, 0, &["contract", KEY])[0]["kind"], "held");
    assert_eq!(names(json(&database, 0, &["contract", KEY])), 0);
    assert_eq!(json(&database, 0, &["status"])["state"], "current");
    assert!(json(&database, 0, &["verify"])["sanity"]["checked"].is_array());
    assert!(json(&database, 0, &["verify", "--sql"]).is_string());
    assert!(json(&database, 0, &["inventory"]).is_object());
    let only = ["-c", "modelling", "fingerprint"];
    assert_eq!(json(&database, 0, &only)["contents"][0]["name"], "plan");
    assert_eq!(names(json(&database, 0, &["job"])), 0);
    assert_eq!(json(&database, 0, &["job", "modelling_backfill"])["finished"]["rows_done"], 0);
    let diagrams = json(&database, 0, &["diagram"]);
    assert_eq!(diagrams[1]["title"], "modelling");
    assert!(diagrams[1]["text"].as_str().unwrap().contains("erDiagram"));
    assert_eq!(json(&database, 0, &["rollout"])["stages"][0]["result"], "done");
    assert_eq!(names(json(&database, 0, &["down", "--steps", "2"])), 2);
    assert_eq!(json(&database, 0, &["adopt", "modelling", BASE]), Value::Null);
}

#[test]
fn wrong_arguments_are_said_so_and_have_a_status_of_their_own() {
    let database = empty();
    for (words, told) in [
        (&["adopt", "nonsense", BASE][..], "the contexts are core, modelling"),
        (&["-c", "nonsense", "status"], "the contexts are core, modelling"),
        (&["down", "--steps", "1", "--to", BASE], "cannot be used with"),
        (&["--lock-wait", "soon", "status"], "a number of seconds"),
        (&["nonsense"], "unrecognized subcommand"),
        (&[], "Usage: migrate"),
    ] {
        let done = run(&database, words);
        assert_eq!(done.status, 2, "{words:?}: {done:?}");
        assert!(done.err.contains(told), "{words:?}: {done:?}");
    }
    // As an empty DATABASE_URL, which libpq takes for a server on this machine.
    let words = ["migrate", "--database-url", "", "status"];
    let told = migrate::Arguments::try_parse_from(words).unwrap_err().to_string();
    assert!(told.contains("a value is required for '--database-url <URL>'"), "{told}");
}

#[test]
fn a_failure_says_what_to_type_next() {
    let database = modelling();
    let folder = env!("CARGO_MANIFEST_DIR");
    for (words, told) in [
        (&["contract", "nonsense"][..], "nonsense: this release has no such migration"),
        (&["contract", BASE], "is baseline, not held: `migrate up` runs it"),
        (&["-c", "core", "contract", KEY], "belongs to modelling, which is not chosen"),
        (&["down", "--to", "1"], "1: this release has no such migration"),
        (
            &["job", "nonsense"],
            "no job is called nonsense: try modelling_backfill, cutover_backfill",
        ),
        (&["fingerprint", "--compare", "/nonsense"], "/nonsense: No such file"),
        (&["--migrations", "/nonsense", "status"], "/nonsense: No such file"),
        (&["adopt", "core", "20261120000000"], "never adopted"),
    ] {
        let done = run(&database, words);
        assert_eq!((done.status, &*done.out), (1, ""), "{words:?}: {done:?}");
        assert!(done.err.starts_with("migrate: ") && done.err.contains(told), "{done:?}");
        assert!(!done.err.contains("::"), "a call of the library: {done:?}");
    }
    let set = format!("{folder}/migrations");
    let status = ["-c", "modelling", "--migrations", &set, "status"];
    assert_eq!(run(&database, &status).status, 0);

    // A release behind, and a database with nothing to adopt.
    let database = empty();
    let adopt = run(&database, &["-c", "modelling", "adopt", "modelling", BASE]);
    assert!(adopt.err.contains("Run `migrate -c modelling up`, which makes them"), "{adopt:?}");
    fine(&database, &["up", "--to", BASE]);
    let early = run(&database, &["contract", KEY]);
    assert!(early.err.contains("comes before it: run `migrate up`"), "{early:?}");
    fine(&database, &["up"]);
    fine(&database, &["contract", CLOSE]);
    let early = run(&database, &["contract", CONTRACT]);
    assert!(early.err.contains("finish it with `migrate job modelling_backfill`"), "{early:?}");
}

#[test]
fn what_was_edited_after_it_was_applied_stops_everything() {
    let database = modelling();
    let edit = "UPDATE planwright.migrations SET checksum = checksum || '\\x00' WHERE version = '";
    let edit = format!("{edit}{BASE}'");
    PgConnection::establish(database.url()).unwrap().batch_execute(&edit).unwrap();
    let status = run(&database, &["status"]);
    assert_eq!(status.status, 3);
    assert!(status.out.starts_with(&format!("tampered: {BASE}\n")), "{status:?}");
    for verb in ["plan", "up"] {
        let done = run(&database, &[verb]);
        assert_eq!(done.status, 1, "{done:?}");
        assert!(done.err.contains("A released migration never changes"), "{done:?}");
    }
    assert_eq!(run(&database, &["verify"]).status, 3);
    assert_eq!(run(&database, &["rollout"]).status, 3);
}

#[test]
fn a_table_that_is_missing_is_told_although_its_rules_cannot_be_asked() {
    let database = modelling();
    let drop = "DROP TABLE scenario CASCADE";
    PgConnection::establish(database.url()).unwrap().batch_execute(drop).unwrap();
    let done = run(&database, &["verify"]);
    assert_eq!(done.status, 1);
    assert!(done.out.contains("table public.scenario is missing"), "{done:?}");
    assert!(done.err.contains("relation \"scenario\" does not exist"), "{done:?}");
    assert_eq!(json(&database, 1, &["verify"])["sanity"], Value::Null);
}

#[test]
fn a_reader_that_is_gone_stops_nothing() {
    /// A pipe that nobody reads.
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }
    let database = empty();
    for (words, status) in [("status", 3), ("plan", 0), ("up", 0), ("status", 0)] {
        let words = ["migrate", "--database-url", database.url(), words];
        let arguments = migrate::Arguments::try_parse_from(words).unwrap();
        assert_eq!(migrate::execute(&arguments, &mut Closed, &mut Closed), status, "{words:?}");
    }
}

#[test]
fn no_secret_is_printed() {
    for (url, told) in [
        ("postgres://u:s3cret@localhost:1/x", "connect"),
        ("postgres//u:s3cret@localhost:1/x", "connect"),
        ("host=localhost port=1 password=s3cret user", "connect"),
        ("postgres://u:s3/cret@localhost:1/x", "connect"),
    ] {
        for words in [&["status"][..], &["up", "--json"]] {
            let words = [&["migrate", "--database-url", url], words].concat();
            let arguments = migrate::Arguments::try_parse_from(words).unwrap();
            let (mut out, mut err) = (Vec::new(), Vec::new());
            assert_eq!(migrate::execute(&arguments, &mut out, &mut err), 1);
            let err = String::from_utf8(err).unwrap();
            assert!(out.is_empty() && err.contains(told), "{err}");
            assert!(!err.contains("s3") && !err.contains("cret"), "{err}");
        }
    }
}

#[test]
fn what_no_longer_refuses_changes_is_not_as_it_should_be() {
    let database = TestDatabase::new([planwright::Context::MealPlanning]).unwrap();
    let verify = ["-c", "meal_planning", "verify"];
    let line = "public.plans: TRUNCATE is refused, in replica mode too\n";
    let verified = fine(&database, &verify);
    assert!(verified.contains(&format!("[x] {line}")), "{verified}");
    assert!(verified.contains("[-] public.plans: UPDATE not tried: no row\n"), "{verified}");

    let open = "CREATE OR REPLACE FUNCTION planwright.refuse_change() RETURNS trigger
                LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'";
    PgConnection::establish(database.url()).unwrap().batch_execute(open).unwrap();
    let done = run(&database, &verify);
    assert_eq!(done.status, 3, "{done:?}");
    assert!(!done.out.contains(line), "{done:?}");
    let found = "[ ] error: public.plans: TRUNCATE is let through\n";
    assert!(done.out.contains(found), "{done:?}");
    // What comes of the drift stands before it.
    assert!(done.out.find("refuse_change").unwrap() < done.out.find(found).unwrap());
    let checks = &json(&database, 3, &verify)["immutability"]["checks"];
    assert_eq!(checks.as_array().unwrap().len(), 32, "{checks}");

    // Of what is not installed nothing is tried.
    let modelling = modelling();
    assert!(!run(&modelling, &["verify"]).out.contains("public.plans"));
}

#[test]
fn a_replica_is_verified_like_its_primary() {
    let primary = LocalServer::start().unwrap();
    let up = run_at(&primary.url("postgres"), &["up"]);
    assert_eq!(up.status, 0, "{up:?}");
    let replica = replica_of(&primary);
    let url = replica.url("postgres");
    let verified = run_at(&url, &["verify"]);
    assert_eq!(verified.status, 0, "{verified:?}");
    let line = "[-] public.plans: UPDATE not tried: a replica writes nothing\n";
    assert!(verified.out.contains(line), "{verified:?}");
}
