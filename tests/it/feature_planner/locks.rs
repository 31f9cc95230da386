//! Each migration in a transaction takes the locks that its file says, and writes nothing anew.

use std::collections::BTreeSet;

use super::*;

const ALL: [&str; 8] = [
    "discovered_files",
    "feature_plans",
    "feature_refinements",
    "file_discovery_sessions",
    "implementation_plan_generations",
    "plan_execution_logs",
    "plan_step_templates",
    "plan_steps",
];

/// The tables that readers or writers notice a lock on, with its mode.
const LOCKS: &[(&str, &str, &[&str])] = &[
    ("20261120192100", "AccessExclusive", &ALL),
    ("20261120192230", "AccessExclusive", &ALL),
    (
        "20261120192330",
        "ShareRowExclusive",
        &[
            "feature_plans",
            "feature_refinements",
            "file_discovery_sessions",
            "implementation_plan_generations",
        ],
    ),
    ("20261120192335", "ShareUpdateExclusive", &["feature_plans"]),
    (
        "20261120192340",
        "ShareRowExclusive",
        &["feature_plans", "plan_execution_logs", "plan_step_templates", "plan_steps"],
    ),
    (
        "20261120192345",
        "ShareUpdateExclusive",
        &["feature_plans", "plan_execution_logs", "plan_steps"],
    ),
    ("20261120192440", "AccessExclusive", &["plan_steps"]),
];

#[test]
fn locks_are_those_that_the_files_say_and_nothing_is_written_anew() {
    let installation = Installation::new();
    let mut seen = 0;
    for one in Migrations::embedded().as_slice() {
        if one.context != Context::FeaturePlanner || one.version.as_str() < MOVE {
            continue;
        }
        if let Some((_, mode, tables)) = LOCKS.iter().find(|(version, ..)| *version == one.version)
        {
            let rehearsal = installation.migrator().dry_run_contract(&one.version).unwrap();
            assert!(rehearsal.passed(), "{rehearsal}");
            let mut locked = BTreeSet::new();
            for lock in &rehearsal.locks {
                let (_, table) = lock.relation.split_once('.').unwrap_or(("", &lock.relation));
                let mode = format!("{:?}", lock.mode);
                // What only keeps others from changing the table's structure is not noticed.
                let noticed = mode.contains("Exclusive") && mode != "RowExclusive";
                if noticed && (ALL.contains(&table) || table == "users") {
                    locked.insert((table.to_owned(), mode));
                }
            }
            let expected: BTreeSet<_> =
                tables.iter().map(|table| ((*table).to_owned(), (*mode).to_owned())).collect();
            assert_eq!(locked, expected, "{}", one.name);
            let effects: Vec<_> =
                rehearsal.migrations.iter().flat_map(|one| &one.effects).collect();
            let anew = effects.iter().any(|effect| !effect.rewritten.is_empty());
            assert!(!anew && !effects.is_empty(), "{}: {effects:?}", one.name);
            seen += 1;
        }
        installation.contract(&one.version).unwrap();
    }
    assert_eq!(seen, LOCKS.len());
}
