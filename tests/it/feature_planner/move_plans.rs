//! How the server finds rows does not change with the move, nor with what comes behind it.

use super::*;

/// 200 users with 250 plans each, every second completed, with two refinements each.
const MANY: &str = "
    INSERT INTO public.users (id) SELECT md5('user ' || n)::uuid FROM generate_series(1, 200) n;
    INSERT INTO feature_plans (id, user_id, original_request, status, created_at)
    SELECT md5('plan ' || n)::uuid, md5('user ' || 1 + n % 200)::uuid, 'Request ' || n,
           (CASE n / 200 % 2 WHEN 0 THEN 'completed' ELSE 'draft' END)::plan_status,
           timestamp '2026-01-01' + n * interval '2 minutes'
      FROM generate_series(1, 50000) n;
    INSERT INTO feature_refinements (plan_id, agent_id, input_request, status, created_at)
    SELECT md5('plan ' || n)::uuid, 'agent ' || k, 'Request', 'completed', '2026-01-01'
      FROM generate_series(1, 50000) n, generate_series(1, 2) k;
    ANALYZE";

const QUERIES: [&str; 3] = [
    "SELECT id FROM feature_plans WHERE user_id = md5('user 7')::uuid
      ORDER BY created_at DESC LIMIT 10",
    "SELECT p.id, r.id FROM feature_plans p JOIN feature_refinements r ON r.plan_id = p.id
      WHERE p.user_id = md5('user 7')::uuid AND p.status = 'completed'",
    "SELECT p.id, r.id FROM feature_plans p
       LEFT JOIN feature_refinements r ON r.plan_id = p.id AND r.status = 'completed'
      WHERE p.user_id = md5('user 7')::uuid AND p.status = 'completed'
      ORDER BY p.created_at DESC LIMIT 10",
];

impl Installation {
    /// The nodes of the plans, with the names of indexes and tables.
    fn plans(&self) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            #[diesel(column_name = "QUERY PLAN")]
            line: String,
        }
        let mut connection = self.connection();
        let path = "SET search_path = public, feature_planner";
        connection.batch_execute(path).unwrap();
        let explain = |query: &str| {
            diesel::sql_query(format!("EXPLAIN (COSTS OFF) {query}"))
                .load::<Line>(&mut connection)
                .unwrap()
        };
        let lines = QUERIES.into_iter().flat_map(explain);
        lines.map(|line| line.line.trim().trim_start_matches("->  ").to_owned()).collect()
    }
}

#[test]
fn plans_have_the_same_nodes_and_indexes_before_and_behind_the_move_and_all_that_follows() {
    let installation = Installation::new();
    installation.execute(MANY);
    let before = installation.plans();
    println!("{}", before.join("\n"));
    let uses = |index: &str| before.iter().any(|line| line.contains(index));
    for index in ["user_created", "user_status"] {
        assert!(uses(&format!("feature_plans_{index}")), "{before:#?}");
    }
    assert!(uses("feature_refinements_plan_"), "{before:#?}");
    assert!(!uses("Seq Scan"), "{before:#?}");

    installation.relocator().run().unwrap();
    assert_eq!(installation.plans(), before);
    installation.relocator().reverse().unwrap();
    assert_eq!(installation.plans(), before);
    installation.contract(MOVE).unwrap();
    assert_eq!(installation.plans(), before);
    installation.contract_the_rest();
    let rest = |lines: Vec<String>| -> Vec<String> {
        // The server writes a literal anew that is compared with another type.
        lines.into_iter().filter(|line| !line.starts_with("Index Cond")).collect()
    };
    assert_eq!(rest(installation.plans()), rest(before));
}
