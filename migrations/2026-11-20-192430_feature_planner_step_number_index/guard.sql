-- Steps of one generation that have one number: number them anew.
SELECT format('generation %s has %s steps of number %s: %s', plan_generation_id, count(*), step_number,
              string_agg(id::text, ', ' ORDER BY created_at, id))
  FROM feature_planner.plan_steps
 GROUP BY plan_generation_id, step_number
HAVING count(*) > 1
 ORDER BY plan_generation_id, step_number
 LIMIT 100;
