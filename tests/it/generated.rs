//! Files that are generated and committed: each is what it should be. `./dev schema` writes them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use diesel::migration::Migration as _;
use diesel::{Connection, PgConnection};
use planwright::migrate::{Kind, Migrations};
use planwright::testing::TestDatabase;
use planwright::verify::{Catalog, Delta, Object, Scope};
use planwright::{Context, UnitOfWork, cutover, diagram, modelling, verify};
use sha2::{Digest, Sha256};

use crate::conventions::INVARIANTS;
use crate::support::{everything, golden};

/// An object on each line, so that a change of one is a change of one line.
fn written(delta: &Delta) -> String {
    fn list(text: &mut String, name: &str, lines: &[String]) {
        let separator = if text.len() > 1 { "," } else { "" };
        write!(text, "{separator}\n  \"{name}\": [\n    {}\n  ]", lines.join(",\n    ")).unwrap();
    }
    let mut text = String::from("{");
    let made: Vec<_> = delta.made.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    let gone: Vec<_> = delta.gone.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    if !made.is_empty() {
        list(&mut text, "made", &made);
    }
    if !gone.is_empty() {
        list(&mut text, "gone", &gone);
    }
    text + "\n}\n"
}

#[test]
fn each_migration_does_to_the_catalog_what_its_folder_says() {
    let database = TestDatabase::new([]).unwrap();
    let mut connection = PgConnection::establish(database.url()).unwrap();
    let catalog = || {
        let read = |uow: &mut UnitOfWork<'_>| Catalog::read(uow, &Scope::everything());
        database.store().read(read).unwrap()
    };
    let mut before = catalog();
    let embedded = Migrations::embedded();
    for migration in embedded.as_slice() {
        migration.run(&mut connection).unwrap();
        let after = catalog();
        let mut delta = before.delta_to(&after);
        if let Some(column) = &migration.host_column {
            // The rest of the table is as the host has it.
            let of_host = |object: &Object| object.name.to_string() == format!("column {column}");
            delta.made.retain(of_host);
            delta.made[0].properties.retain(|property, _| property == "type");
            assert_eq!(delta.made.len(), 1);
        }
        golden(&format!("migrations/{}/catalog.json", migration.name), &written(&delta));
        before = after;
    }
}

#[test]
fn the_script_for_psql_asks_every_invariant() {
    golden("docs/db_sanity.sql", &verify::sanity_script(&INVARIANTS.concat()));
}

#[test]
fn the_diagrams_show_a_fresh_installation() {
    let database = everything();
    let diagrams = database.store().read(|uow| diagram::contexts(uow, Context::ALL)).unwrap();
    let mut expected = BTreeSet::from(["rendered.txt".to_owned()]);
    for diagram in diagrams {
        let name = diagram.title();
        golden(&format!("docs/diagrams/{name}.mmd"), &diagram.mermaid());
        golden(&format!("docs/diagrams/{name}.dot"), &diagram.dot());
        expected.extend(["mmd", "dot", "png"].map(|kind| format!("{name}.{kind}")));
    }
    if std::env::var_os("PLANWRIGHT_WRITE").is_none() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagrams");
        let found: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, expected, "run ./dev diagrams, and remove what is of no context");
    }
}

/// Versions of Graphviz and fonts draw one text differently, so pictures are not compared: beside
/// them stands the text that each was made from.
#[test]
fn the_pictures_are_those_of_the_diagrams() {
    if std::env::var_os("PLANWRIGHT_WRITE").is_some() {
        return; // they are drawn next
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagrams");
    let rendered = fs::read_to_string(folder.join("rendered.txt")).unwrap();
    let mut pictures = 0;
    for line in rendered.lines() {
        let (hash, file) = line.split_once("  ").expect("as sha256sum writes it");
        let content = fs::read(folder.join(file)).unwrap();
        let mut own = String::new();
        for byte in Sha256::digest(content) {
            write!(own, "{byte:02x}").unwrap();
        }
        assert_eq!(own, hash, "{file} has changed since it was rendered: run ./dev diagrams");
        pictures += usize::from(Path::new(file).extension().is_some_and(|kind| kind == "png"));
    }
    let texts = fs::read_dir(&folder).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|extension| extension == "dot")
    });
    assert_eq!((pictures, rendered.lines().count()), (texts.count(), 2 * pictures));
}

/// The steps that turn the join into a column, as a document for who runs the SQL by hand.
#[test]
fn the_transition_is_written_down_for_who_owns_the_tables() {
    let page = include_str!("../shared/recommendation-plan-id.md");
    let text = page_of(page, Context::Modelling, modelling::transition::PLAN_ID_NOT_NULL);
    golden("docs/migrations/recommendation-plan-id.md", &text);
}

/// The same of the plans that go from migrations to iterations.
#[test]
fn the_way_of_plans_to_iterations_is_written_down_for_who_owns_the_tables() {
    let page = include_str!("../shared/iteration-plans.md");
    let text = page_of(page, Context::Cutover, cutover::transition::DROP_COLUMN);
    golden("docs/migrations/iteration-plans.md", &text);
}

/// The page with the steps of a context up to the last one of its transition.
fn page_of(page: &str, context: Context, last: &str) -> String {
    let embedded = Migrations::embedded();
    let mut text = page.to_owned();
    let steps = embedded
        .as_slice()
        .iter()
        .filter(|one| one.context == context && one.kind != Kind::Baseline && &*one.name <= last);
    for (nth, step) in (1..).zip(steps) {
        let (why, sql) = split(&step.up);
        let transaction = if step.transactional {
            "in one transaction"
        } else {
            "alone, outside of a transaction"
        };
        write!(text, "\n## {nth}. {}\n\n{}, {transaction}", step.name, step.kind).unwrap();
        if let Some(job) = &step.after_job {
            write!(text, ", after the job `{job}`").unwrap();
        }
        if let Some(confirm) = &step.confirm {
            write!(text, ", where `{confirm}` can be stated").unwrap();
        }
        write!(text, ".\n\n{why}\n").unwrap();
        let mut block = |title: &str, sql: &str| {
            write!(text, "{title}```sql\n{}\n```\n", sql.trim()).unwrap();
        };
        if let Some(guard) = &step.guard {
            block("\nNot while this lists anything:\n\n", guard);
        }
        if let Some(evidence) = &step.evidence {
            block("\nWhat the database shows of it:\n\n", evidence);
        }
        block("\n", sql);
        block("\nTo take it back:\n\n", &step.down);
    }
    text
}

/// The comment that a file begins with, as paragraphs, and the rest.
fn split(sql: &str) -> (String, &str) {
    let lines = sql.lines().take_while(|line| line.starts_with("--"));
    let comment = lines.clone().map(|line| {
        let line = line.trim_start_matches(['-', ' ']);
        let paragraph = ["Locks: ", "Reversible: "].iter().any(|start| line.starts_with(start));
        if paragraph { format!("\n{line}") } else { line.to_owned() }
    });
    let comment: Vec<_> = comment.collect();
    let rest = lines.map(|line| line.len() + 1).sum();
    (comment.join("\n").trim().to_owned(), &sql[rest..])
}
