//! What a folder of migrations may hold. The build script refuses the same with the same code.

use super::*;

type Break = fn(Folder) -> Folder;

/// How a folder is broken, and what the refusal says.
const CASES: &[(Break, &str)] = &[
    (
        |f| f.with("2026_modelling_x", EXPAND, "SELECT 1", "SELECT 1"),
        "must have the form 2026-11-20-000100",
    ),
    (
        |f| f.with("2026-11-21-000200", EXPAND, "SELECT 1", "SELECT 1"),
        "must be <timestamp>_<context>_<what>",
    ),
    (
        |f| f.with("2026-11-21-000900_baking_x", EXPAND, "SELECT 1", "SELECT 1"),
        "2026-11-21-000900_baking_x: no context has this name",
    ),
    (
        |f| f.with("2026-11-21-000900_modelling_X", EXPAND, "SELECT 1", "SELECT 1"),
        "in a-z, 0-9 and _",
    ),
    (
        |f| f.with("2026-11-21-000200_modelling_c", EXPAND, "SELECT 1", "SELECT 1"),
        "2026-11-21-000200_modelling_c: has the version of 2026-11-21-000200_modelling_b",
    ),
    (|f| f.write(B, "guards.sql", "SELECT 1"), "guards.sql: no such file belongs to a migration"),
    (
        |f| f.write(B, "guard.sql", "SELECT 1"),
        "_b/guard.sql: only a held migration has a guard, and one with a host_column",
    ),
    (
        |f| f.with_held().write(DROP_B, "guard.sql", "DELETE FROM t"),
        "drop_b/guard.sql: must be one SELECT",
    ),
    (|f| f.with_held().write(DROP_B, "guard.sql", "SELECT 1; SELECT 2"), "must be one SELECT"),
    (
        |f| f.write(B, "metadata.toml", "kind = \"expand\""),
        "_b/metadata.toml: run_in_transaction must be stated",
    ),
    (|f| f.write(B, "metadata.toml", "run_in_transaction = true"), "kind must be stated"),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}kinds = \"held\"")),
        "line 3: nobody knows the key kinds",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}kind = \"held\"")),
        "line 3: kind is stated twice",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}needs = \"20261121000100\"")),
        "the value of needs has the wrong type",
    ),
    (|f| f.write(B, "metadata.toml", "run_in_transaction = maybe"), "line 1: expected true, false"),
    (
        |f| f.write(B, "metadata.toml", "kind = \"odd\""),
        "\"baseline\", \"expand\" or \"held\", not \"odd\"",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}after_job = \"x\"")),
        "only a held migration waits for a job",
    ),
    (
        |f| f.with_held().write(DROP_B, "metadata.toml", &format!("{HELD}after_job = \"Fill it\"")),
        "drop_b/metadata.toml: line 3: after_job must be 1 to 47 of a-z, 0-9, _, -, . and :",
    ),
    (
        |f| f.with_held().write(DROP_B, "metadata.toml", &format!("{HELD}after_job = \"\"")),
        "after_job must be 1 to 47",
    ),
    (
        |f| {
            let long = format!("{HELD}after_job = \"{}\"", "n".repeat(48));
            f.with_held().write(DROP_B, "metadata.toml", &long)
        },
        "after_job must be 1 to 47",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}confirm = \"x\"")),
        "only a held migration asks for a statement",
    ),
    (
        |f| f.with_held().write(DROP_B, "metadata.toml", &format!("{HELD}confirm = \"x\"")),
        "drop_b/metadata.toml: confirm and evidence.sql go together",
    ),
    (
        |f| f.with_held().write(DROP_B, "evidence.sql", "SELECT ''"),
        "drop_b/metadata.toml: confirm and evidence.sql go together",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}host_column = \"public.users.id\"")),
        "_b/metadata.toml: only an expand of core, in a transaction, has a host_column",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}host_column = \"users.id\"")),
        "line 3: host_column is schema.table.column, in a-z and _",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}host_column = true")),
        "the value of host_column has the wrong type",
    ),
    (|f| f.with_asking().write(DROP_B, "evidence.sql", "VALUES (1)"), "_b/evidence.sql: must be"),
    (
        |f| f.with_held().write(DROP_B, "metadata.toml", &format!("{HELD}confirm = \"it's so\"")),
        "line 3: confirm is said in a-z and _",
    ),
    (
        |f| f.write(B, "metadata.toml", &format!("{EXPAND}needs = [\"20261121000300\"]")),
        "needs 20261121000300, which is not an older version",
    ),
    (
        |f| f.write(B, "metadata.toml", BASELINE).write(T, "metadata.toml", EXPAND),
        "the first migration of a context is its baseline",
    ),
    (
        |f| f.with(INDEX, BASELINE, "SELECT 1", "SELECT 1"),
        "a baseline cannot follow what changes it",
    ),
    (|f| f.write(B, "up.sql", "-- Nothing."), "_b/up.sql: holds no statement"),
    (|f| f.write(B, "down.sql", ""), "_b/down.sql: holds no statement"),
    (
        |f| f.write(B, "up.sql", "SELECT 1;\nSELECT 'x"),
        "_b/up.sql: line 2: a string that does not end",
    ),
    (|f| f.write(B, "down.sql", "\\d"), "_b/down.sql: line 1: a backslash"),
    (
        |f| f.write(B, "up.sql", "SELECT 1; COMMIT; BEGIN; SELECT 2"),
        "the runner begins and ends transactions, not \"COMMIT\"",
    ),
    (
        |f| f.write(B, "up.sql", "CREATE INDEX CONCURRENTLY i ON t (a)"),
        "needs run_in_transaction = false",
    ),
    (
        |f| f.write(B, "metadata.toml", ALONE).write(B, "up.sql", "SELECT 1; SELECT 2"),
        "holds 2 statements; without a transaction it must be exactly one",
    ),
    (|f| f.write(B, "metadata.toml", ALONE), "can be resumed"),
    (
        |f| {
            f.write(B, "metadata.toml", ALONE).write(
                B,
                "up.sql",
                "CREATE INDEX CONCURRENTLY ON t (a)",
            )
        },
        "can be resumed",
    ),
    (
        |f| {
            f.write(B, "metadata.toml", ALONE).write(
                B,
                "up.sql",
                "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            )
        },
        "can be resumed",
    ),
];

#[test]
fn every_broken_rule_is_told_in_a_sentence_that_names_the_file() {
    for (i, (break_it, expected)) in CASES.iter().enumerate() {
        let folder = break_it(Folder::new());
        let error = Migrations::from_folder(&folder.root).expect_err(expected);
        assert!(matches!(error, Error::Migration { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "case {i}: {error}");
    }
    for file in ["up.sql", "down.sql", "metadata.toml"] {
        let folder = Folder::new();
        fs::remove_file(folder.root.join(B).join(file)).unwrap();
        let error = Migrations::from_folder(&folder.root).unwrap_err().to_string();
        assert!(error.contains(&format!("{B}/{file}")), "{error}");
    }
}

#[test]
fn metadata_may_be_written_as_toml_allows_on_a_line() {
    let metadata = "# Why.\n\nkind=\"held\" # When asked.\r\nrun_in_transaction   =   true\n\
                    needs = [ \"20261121000100\" , \"20261121000200\", ]\nafter_job = \"fill\"\n";
    let folder = Folder::new().with(DROP_B, metadata, "SELECT 1", "SELECT 1");
    let set = folder.set();
    let last = set.as_slice().last().unwrap();
    assert_eq!(last.needs, ["20261121000100", "20261121000200"]);
    assert_eq!(last.after_job.as_deref(), Some("fill"));
    assert!(last.transactional);
    let of_core = |one: &&planwright::migrate::Migration| one.context == Context::Core;
    assert_eq!(set.as_slice().iter().filter(|one| !of_core(one)).count(), 3);
    assert_eq!(set.as_slice()[0].name, CORE);
}
