-- Steps of one generation that have one place: number them anew.
SELECT format('generation %s has %s steps of place %s: %s', plan_generation_id, count(*), display_order,
              string_agg(id::text, ', ' ORDER BY created_at, id))
  FROM feature_planner.plan_steps
 GROUP BY plan_generation_id, display_order
HAVING count(*) > 1
 ORDER BY plan_generation_id, display_order
 LIMIT 100;
