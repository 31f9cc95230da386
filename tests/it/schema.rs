//! Each context's `schema.rs` is what the Diesel CLI writes from the migrations. It is written here
//! a second time, by the CLI's rules as far as the contexts need them, since a test cannot expect
//! the CLI to be installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use planwright::testing::rolled_back;
use planwright::{Context, Result, UnitOfWork};

use crate::support::{everything, execute};

/// A `[print_schema.<context>]` of `diesel.toml`.
#[derive(Debug, Default)]
struct Section {
    context: String,
    file: String,
    patch: Option<String>,
    /// Other than `public`: its tables stand in a module of that name.
    schema: Option<String>,
    tables: Vec<String>,
    derives: Vec<String>,
}

fn sections(toml: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    for line in toml.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let context = header.strip_prefix("print_schema.").and_then(|of| of.strip_suffix(']'));
            found.push(Section { context: context.unwrap_or("").to_owned(), ..Section::default() });
        } else if let Some((key, value)) = line.split_once(" = ") {
            let section = found.last_mut().expect("a section");
            let values: Vec<String> = quoted(value);
            match key {
                "file" => section.file.clone_from(&values[0]),
                "schema" => section.schema = values.into_iter().next(),
                "patch_file" => section.patch = values.into_iter().next(),
                "filter" if value.starts_with("{ only_tables = [") => {
                    let name = |regex: &String| regex.trim_matches(['^', '$']).to_owned();
                    section.tables = values.iter().map(name).collect();
                }
                "custom_type_derives" => section.derives = values,
                "with_docs" => assert_eq!(values, ["only-database-comments"]),
                "import_types" => assert_eq!(values, ["diesel::sql_types::*"]),
                _ => assert!(section.context.is_empty(), "this test does not know {line}"),
            }
        }
    }
    found.retain(|section| !section.context.is_empty());
    found
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    key: Vec<String>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
    /// Of the elements, where it is an array.
    #[diesel(sql_type = Text)]
    type_name: String,
    #[diesel(sql_type = Bool)]
    is_array: bool,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    max_length: Option<i32>,
}

impl Column {
    fn rust_type(&self) -> String {
        let mut name = camel(&self.type_name);
        if self.is_array {
            name = format!("Array<Nullable<{name}>>");
        }
        if self.is_nullable { format!("Nullable<{name}>") } else { name }
    }

    /// Whether Diesel has no type for it.
    fn is_custom(&self) -> bool {
        const KNOWN: [&str; 20] = [
            "bool",
            "bpchar",
            "bytea",
            "date",
            "float4",
            "float8",
            "inet",
            "int2",
            "int4",
            "int8",
            "interval",
            "json",
            "jsonb",
            "numeric",
            "oid",
            "text",
            "time",
            "timestamptz",
            "uuid",
            "varchar",
        ];
        !KNOWN.contains(&self.type_name.as_str())
    }
}

#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    /// Whether it is the parent's primary key that is referred to.
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

/// `scenario_goal` is `ScenarioGoal`.
fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn tables(uow: &mut UnitOfWork<'_>, schema: &str, names: &[String]) -> Result<Vec<Table>> {
    Ok(diesel::sql_query(
        "SELECT c.relname::text AS name, obj_description(c.oid, 'pg_class') AS comment,
                (SELECT array_agg(a.attname::text ORDER BY k.nth)
                   FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, nth),
                        pg_attribute a
                  WHERE i.indrelid = c.oid AND i.indisprimary
                    AND a.attrelid = c.oid AND a.attnum = k.attnum) AS key
           FROM pg_class c
          WHERE c.relnamespace = to_regnamespace($2) AND c.relname = ANY ($1)
          ORDER BY c.relname COLLATE \"C\"",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Text, _>(schema)
    .load(uow.connection())?)
}

fn columns(uow: &mut UnitOfWork<'_>, schema: &str, names: &[String]) -> Result<Vec<Column>> {
    Ok(diesel::sql_query(
        "SELECT c.relname::text AS table, a.attname::text AS name,
                col_description(c.oid, a.attnum) AS comment,
                ltrim(t.typname, '_')::text AS type_name, t.typcategory = 'A' AS is_array,
                NOT a.attnotnull AS is_nullable,
                CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4
                     THEN a.atttypmod - 4 END AS max_length
           FROM pg_class c
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type t ON t.oid = a.atttypid
          WHERE c.relnamespace = to_regnamespace($2) AND c.relname = ANY ($1)
          ORDER BY a.attnum",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Text, _>(schema)
    .load(uow.connection())?)
}

fn references(uow: &mut UnitOfWork<'_>, schema: &str, names: &[String]) -> Result<Vec<Reference>> {
    Ok(diesel::sql_query(
        "SELECT child.relname::text AS child, parent.relname::text AS parent,
                (SELECT array_agg(a.attname::text) FROM pg_attribute a
                  WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns,
                EXISTS (SELECT FROM pg_index i
                         WHERE i.indrelid = k.confrelid AND i.indisprimary
                           AND i.indkey::int2[] <@ k.confkey) AS is_key
           FROM pg_constraint k
           JOIN pg_class child ON child.oid = k.conrelid
           JOIN pg_class parent ON parent.oid = k.confrelid
          WHERE k.contype = 'f' AND child.relnamespace = to_regnamespace($2)
            AND parent.relnamespace = child.relnamespace AND child.relname = ANY ($1) AND parent.relname = ANY ($1)",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Text, _>(schema)
    .load(uow.connection())?)
}

/// The file of a context, and how many columns it has.
fn render(uow: &mut UnitOfWork<'_>, section: &Section) -> Result<(String, usize)> {
    let schema = section.schema.as_deref().unwrap_or("public");
    let tables = tables(uow, schema, &section.tables)?;
    let columns = columns(uow, schema, &section.tables)?;
    let references = references(uow, schema, &section.tables)?;
    let mut out = String::new();

    let types: BTreeMap<String, &str> = columns
        .iter()
        .filter(|column| column.is_custom())
        .map(|column| (camel(&column.type_name), column.type_name.as_str()))
        .collect();
    if !types.is_empty() {
        let derives = section.derives.join(", ");
        let mut modules = Vec::new();
        for (rust, sql) in &types {
            // The one of the server's own that Diesel does not know.
            let schema =
                if *sql == "xid8" { Some("pg_catalog") } else { section.schema.as_deref() };
            let schema = schema.map_or_else(String::new, |name| format!(", schema = \"{name}\""));
            modules.push(format!(
                "    #[derive({derives}, diesel::sql_types::SqlType)]\n    \
                 #[diesel(postgres_type(name = \"{sql}\"{schema}))]\n    pub struct {rust};\n"
            ));
        }
        write!(out, "\npub mod sql_types {{\n{}}}\n", modules.join("\n")).unwrap();
    }
    for table in &tables {
        let own = || columns.iter().filter(|column| column.table == table.name);
        out += "\ndiesel::table! {\n    use diesel::sql_types::*;\n";
        let mut imported = BTreeSet::new();
        for column in own().filter(|column| column.is_custom()) {
            if imported.insert(&column.type_name) {
                writeln!(out, "    use super::sql_types::{};", camel(&column.type_name)).unwrap();
            }
        }
        out += "\n";
        comment(&mut out, "    ", table.comment.as_deref());
        let schema = section.schema.as_ref().map_or_else(String::new, |name| format!("{name}."));
        writeln!(out, "    {schema}{} ({}) {{", table.name, table.key.join(", ")).unwrap();
        for column in own() {
            comment(&mut out, "        ", column.comment.as_deref());
            if let Some(length) = column.max_length {
                writeln!(out, "        #[max_length = {length}]").unwrap();
            }
            writeln!(out, "        {} -> {},", column.name, column.rust_type()).unwrap();
        }
        out += "    }\n}\n";
    }
    let pair = |of: &Reference| BTreeSet::from([of.child.clone(), of.parent.clone()]);
    let joinable: BTreeSet<&Reference> = references
        .iter()
        .filter(|of| of.child != of.parent && of.columns.len() == 1 && of.is_key)
        .filter(|of| references.iter().filter(|other| pair(other) == pair(of)).count() == 1)
        .collect();
    if !joinable.is_empty() {
        out += "\n";
    }
    for Reference { child, parent, columns, .. } in &joinable {
        writeln!(out, "diesel::joinable!({child} -> {parent} ({}));", columns[0]).unwrap();
    }
    // Of several columns, too: they are no join, but may stand in one query.
    for (nth, group) in groups(&tables, &references.iter().collect()).iter().enumerate() {
        if nth == 0 {
            out += "\n";
        }
        out += &together(group);
    }
    let head = "// @generated automatically by Diesel CLI.\n";
    let text = match &section.schema {
        Some(schema) => format!("{head}\npub mod {schema} {{{}}}\n", indented(&out)),
        None => format!("{head}{out}"),
    };
    Ok((text, columns.len()))
}

/// What stands in a module begins without an empty line.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    });
    lines.collect()
}

fn comment(out: &mut String, indent: &str, comment: Option<&str>) {
    for line in comment.into_iter().flat_map(str::lines) {
        writeln!(out, "{}", format!("{indent}/// {}", line.trim()).trim_end()).unwrap();
    }
}

/// The tables that references connect, two or more of them.
fn groups(tables: &[Table], references: &BTreeSet<&Reference>) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<BTreeSet<String>> =
        tables.iter().map(|table| BTreeSet::from([table.name.clone()])).collect();
    for reference in references {
        let touches =
            |of: &BTreeSet<String>| of.contains(&reference.child) || of.contains(&reference.parent);
        let (joined, mut rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(touches);
        rest.push(joined.into_iter().flatten().collect());
        groups = rest;
    }
    groups.retain(|group| group.len() > 1);
    groups.sort();
    groups
}

/// As rustfmt breaks the line.
fn together(group: &BTreeSet<String>) -> String {
    let names: Vec<_> = group.iter().cloned().collect();
    let start = "diesel::allow_tables_to_appear_in_same_query!(";
    let line = format!("{start}{},);\n", names.join(", "));
    // It leaves the last comma out of the count.
    if line.trim_end().len() <= 101 {
        return line;
    }
    format!("{start}\n    {},\n);\n", names.join(",\n    "))
}

/// The text with the hunks of a unified diff applied, found by their lines alone.
fn patched(text: &str, patch: &str) -> String {
    let mut text = text.to_owned();
    let hunks = patch.split("\n@@").skip(1).map(|hunk| hunk.split_once('\n').unwrap().1);
    for hunk in hunks {
        let side = |kept: char| -> String {
            let lines = hunk.lines().filter(|line| line.starts_with([' ', kept]));
            lines.flat_map(|line| [&line[1..], "\n"]).collect()
        };
        let (old, new) = (side('-'), side('+'));
        assert_eq!(text.matches(&old).count(), 1, "the patch does not fit:\n{hunk}");
        text = text.replace(&old, &new);
    }
    text
}

#[test]
fn schema_files_are_what_the_migrations_make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sections = sections(&fs::read_to_string(root.join("diesel.toml")).unwrap());
    let contexts: Vec<_> = sections.iter().map(|section| section.context.as_str()).collect();
    let expected = crate::support::contexts().into_iter().map(Context::name);
    assert_eq!(contexts, expected.collect::<Vec<_>>());

    let database = everything();
    let mut looked_at = 0;
    for section in &sections {
        let (mut expected, columns) = database.store().read(|uow| render(uow, section)).unwrap();
        if let Some(patch) = &section.patch {
            expected = patched(&expected, &fs::read_to_string(root.join(patch)).unwrap());
        }
        let file = fs::read_to_string(root.join(&section.file)).unwrap();
        let differing = file.lines().zip(expected.lines()).position(|(a, b)| a != b);
        assert!(
            file == expected,
            "{} is not what the migrations make, first in line {}: run ./dev schema",
            section.file,
            differing.unwrap_or(file.lines().count().min(expected.lines().count())) + 1
        );
        looked_at += columns;
    }
    assert_eq!(looked_at, 338, "columns");
}

#[test]
fn a_changed_column_comment_or_reference_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sections = sections(&fs::read_to_string(root.join("diesel.toml")).unwrap());
    let database = everything();
    for change in [
        "ALTER TABLE plan ADD COLUMN tags text[] NOT NULL",
        "ALTER TABLE plan ALTER COLUMN updated_at SET NOT NULL",
        "ALTER TABLE plan ALTER COLUMN content_digest TYPE text USING ''",
        "COMMENT ON COLUMN plan.id IS 'Another key.'",
        "ALTER TYPE scenario_goal RENAME TO goal",
        "ALTER TABLE recommendation DROP CONSTRAINT recommendation_plan_id_fk",
    ] {
        rolled_back(database.store(), |uow| {
            let (before, _) = render(uow, &sections[0])?;
            execute(uow, change)?;
            let (after, _) = render(uow, &sections[0])?;
            assert!(before != after, "{change}");
            Ok(())
        })
        .unwrap();
    }
}
