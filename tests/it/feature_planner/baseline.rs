//! What the baseline makes is what a live installation has: `baseline.txt` was written from one.

use super::*;

/// Columns in their order, constraints and indexes, each as a line.
const CATALOG: &str = "
    SELECT line FROM (
        SELECT format('%s %s %s %s%s%s', c.relname, lpad(a.attnum::text, 2, '0'), a.attname,
                      format_type(a.atttypid, a.atttypmod),
                      CASE WHEN a.attnotnull THEN ' NOT NULL' END,
                      ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'users'
        UNION ALL
        SELECT format('%s constraint %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'users'
           AND k.contype NOT IN ('n', 't')
        UNION ALL
        SELECT format('%s %sindex %s %s', c.relname, CASE WHEN i.indisunique THEN 'unique ' END,
                      x.relname, split_part(pg_get_indexdef(x.oid), ' USING ', 2))
          FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'users'
    ) AS lines ORDER BY line COLLATE \"C\"";

#[test]
fn the_baseline_is_a_live_installation_name_for_name() {
    let found = Installation::new().texts(CATALOG);
    let expected: Vec<_> = include_str!("baseline.txt").lines().collect();
    let only = |these: &[&str], those: &[&str]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).map(ToString::to_string).collect()
    };
    let found: Vec<_> = found.iter().map(String::as_str).collect();
    assert_eq!(only(&found, &expected), only(&expected, &found), "ours alone, theirs alone");
    assert_eq!(found, expected);
    let count = |what: &str| expected.iter().filter(|line| line.contains(what)).count();
    let secondary = count(" index ") - count(" unique index ");
    assert_eq!((secondary, count(" CHECK "), count(" FOREIGN KEY ")), (43, 27, 9));
}

#[test]
fn a_live_database_is_adopted_at_the_baseline() {
    let live = Installation(TestDatabase::new([]).unwrap());
    live.execute("CREATE TABLE public.users (id uuid PRIMARY KEY, name text)");
    let embedded = Migrations::embedded();
    let baseline = embedded.as_slice().iter().find(|one| one.version == BASELINE).unwrap();
    baseline.run(&mut live.connection()).unwrap();
    live.execute(ROWS);
    live.migrator().adopt(Context::FeaturePlanner, BASELINE).unwrap();
    assert_eq!(live.migrator().up().unwrap(), [], "every later one is held");
    live.contract(MOVE).unwrap();
    let rows = "SELECT count(*) FROM feature_planner.feature_plans";
    assert_eq!(live.texts(rows), ["2"]);
}

#[test]
fn a_live_database_is_adopted_in_every_state_and_goes_on_from_there() {
    let live = Installation::new();
    let mut versions = vec![BASELINE.to_owned()];
    for one in Migrations::embedded().as_slice() {
        if one.context != Context::FeaturePlanner || one.version.as_str() < MOVE {
            continue;
        }
        live.contract(&one.version).unwrap();
        versions.push(one.version.clone());
        // As if others had run the same SQL.
        live.execute("DROP SCHEMA planwright CASCADE");
        let adopted = live.migrator().adopt(Context::FeaturePlanner, &one.version).unwrap();
        let adopted = adopted.unwrap();
        assert_eq!(adopted.migrations.len(), versions.len(), "{adopted}");
        assert_eq!(adopted.held, Vec::<String>::new(), "{adopted}");
        let contexts = [Context::FeaturePlanner];
        let drift = planwright::verify::Drift::new(live.store()).contexts(contexts).run().unwrap();
        assert!(drift.is_clean(), "{drift}");
    }
    assert_eq!(versions.len(), 25);
}

#[test]
fn what_was_accepted_at_the_baseline_is_accepted_behind_the_move_and_back() {
    let live = Installation::new();
    live.execute(
        "DROP SCHEMA planwright CASCADE;
         ALTER TABLE plan_steps ENABLE ROW LEVEL SECURITY;
         ALTER TABLE feature_refinements ALTER status SET DEFAULT 'processing';
         ALTER TABLE feature_plans ALTER complexity TYPE risk_level USING NULL;",
    );
    let migrator = live.migrator();
    let against = migrator.adoption(Context::FeaturePlanner, BASELINE).unwrap().unwrap().against;
    assert_eq!(against.len(), 3, "{against:#?}");
    let keys = against.iter().map(planwright::verify::Difference::key);
    migrator.accepting(keys).adopt(Context::FeaturePlanner, BASELINE).unwrap();
    let is_clean = || {
        let contexts = [Context::FeaturePlanner];
        let drift = planwright::verify::Drift::new(live.store()).contexts(contexts).run().unwrap();
        assert!(drift.is_clean(), "{drift}");
    };
    is_clean();
    live.contract(MOVE).unwrap();
    is_clean();
    live.migrator().down().unwrap();
    is_clean();
}
