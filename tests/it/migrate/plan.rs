//! What would run, told beforehand.

use planwright::migrate::Kind;

use super::*;

#[test]
fn a_plan_is_what_up_then_does() {
    let database = Database::new();
    let before = database.objects();
    let plan = database.modelling().plan().unwrap();
    assert_eq!(database.objects(), before);
    let planned: Vec<_> = plan.migrations.iter().map(|one| one.name.as_str()).collect();
    let applied = database.modelling().up().unwrap();
    assert_eq!(planned, every(&applied));
    assert!(planned.len() >= 9);
    for (planned, applied) in plan.migrations.iter().zip(&applied) {
        assert_eq!(planned.version, applied.version);
        assert_eq!((planned.context, planned.kind), (applied.context, applied.kind));
    }
    let after = database.modelling().plan().unwrap();
    assert!(after.migrations.is_empty());
    assert_eq!(after.to_string(), "nothing to do\n");
}

#[test]
fn a_plan_has_the_statements_and_what_is_left() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&folder).up_to(T).unwrap();
    let after = "2026-11-21-000500_modelling_after";
    let folder = folder
        .write(
            B,
            "up.sql",
            "-- Why.\nALTER TABLE t\n  ADD COLUMN b int; COMMENT ON TABLE t IS ';';",
        )
        .with_held()
        .with(after, &format!("{EXPAND}needs = [\"20261121000400\"]\n"), "SELECT 1", "SELECT 1");
    let plan = database.migrator(&folder).plan().unwrap();
    let [b, index] = &plan.migrations[..] else { panic!("{plan}") };
    assert_eq!(
        (&*b.name, &*b.version, b.kind, b.transactional),
        (B, "20261121000200", Kind::Expand, true)
    );
    assert_eq!(b.statements, ["ALTER TABLE t\n  ADD COLUMN b int", "COMMENT ON TABLE t IS ';'"]);
    assert_eq!(b.guard, None);
    assert!(!index.transactional);
    assert_eq!(
        (plan.held.clone(), plan.waiting.clone()),
        (vec![DROP_B.to_owned()], vec![after.to_owned()])
    );
    assert_eq!(
        plan.to_string(),
        format!(
            "[ ] {B} (expand)\n      ALTER TABLE t ADD COLUMN b int\n      COMMENT ON TABLE t IS ';'\n\
             [ ] {INDEX} (expand, without a transaction)\n      \
             CREATE INDEX CONCURRENTLY t_a_ix ON t (a) WHERE a > 0\n\
             [-] {after} (needs a held one)\n[-] {DROP_B} (held: runs when asked for)\n"
        )
    );
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["migrations"][0]["context"], "modelling");
    assert_eq!(json["migrations"][1]["transactional"], false);
}

#[test]
fn a_held_step_has_a_plan_of_its_own() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up_to(T).unwrap();
    let folder = folder.with_held();
    let migrator = database.migrator(&folder);
    let (what, _) = told(migrator.plan_contract(DROP_B));
    assert!(what.contains(&format!("{B} comes before it")), "{what}");
    let (what, _) = told(migrator.plan_contract(B));
    assert!(what.contains("is expand, not held"), "{what}");

    migrator.up().unwrap();
    let plan = migrator.plan_contract("20261121000400").unwrap();
    let [step] = &plan.migrations[..] else { panic!("{plan}") };
    assert_eq!((&*step.name, step.kind), (DROP_B, Kind::Held));
    assert!(step.guard.as_deref().unwrap().starts_with("SELECT format('row %s has b %s'"));
    assert_eq!(step.statements, ["LOCK TABLE t", "ALTER TABLE t DROP COLUMN b"]);
    migrator.contract(DROP_B).unwrap();
    assert!(migrator.plan_contract(DROP_B).unwrap().migrations.is_empty());
    assert!(migrator.dry_run_contract(DROP_B).unwrap().migrations.is_empty());
}

#[test]
fn what_a_held_step_asks_for_is_in_its_plan() {
    let database = Database::new();
    let folder = Folder::new().with_asking();
    let asks = format!("{HELD}confirm = \"nobody_reads_b\"\nafter_job = \"clear_b\"\n");
    let folder = folder.write(DROP_B, "metadata.toml", &asks);
    let migrator = database.migrator(&folder);
    // A run that installs the context asks neither.
    let plan = migrator.plan().unwrap();
    let step = plan.migrations.last().unwrap();
    assert_eq!((&*step.name, &step.after_job, &step.confirm), (DROP_B, &None, &None));
    assert_eq!(step.to_string(), format!("{DROP_B} (held, after its guard)"));

    migrator.up_to(B).unwrap();
    database.execute(
        "INSERT INTO planwright.jobs (name, phase, batch_size, pass, rows_done, finished_at)
         VALUES ('clear_b', 'finished', 1, 1, 0, now())",
    );
    let plan = migrator.plan_contract(DROP_B).unwrap();
    let line = format!(
        "{DROP_B} (held, after its guard, after the job clear_b, once nobody_reads_b is stated)"
    );
    assert!(plan.to_string().starts_with(&format!("[ ] {line}\n")), "{plan}");
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["migrations"][0]["after_job"], "clear_b");
    assert_eq!(json["migrations"][0]["confirm"], "nobody_reads_b");
    let rehearsal = migrator.dry_run_contract(DROP_B).unwrap();
    assert!(rehearsal.to_string().contains(&format!("[x] {line}, ")), "{rehearsal}");
    let json = serde_json::to_value(&rehearsal).unwrap();
    assert_eq!(json["migrations"][0]["confirm"], "nobody_reads_b");
}

#[test]
fn neither_plan_nor_rehearsal_passes_over_an_edited_migration() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    let folder = folder.write(T, "up.sql", "CREATE TABLE t (id int);").with_held();
    let migrator = database.migrator(&folder);
    for (what, _) in [
        told(migrator.plan()),
        told(migrator.dry_run()),
        told(migrator.plan_contract(DROP_B)),
        told(migrator.dry_run_contract(DROP_B)),
    ] {
        assert!(what.starts_with("20261121000100: applied to this database"), "{what}");
    }
}
