-- planwright: delete a step
--
-- The plan is locked by the caller's first statement. Those that are left are counted through.
WITH gone AS (
    DELETE FROM feature_planner.plan_steps WHERE id = $1
    RETURNING id, plan_generation_id
), ranked AS (
    SELECT s.id,
           (row_number() OVER (ORDER BY s.display_order, s.step_number, s.id) - 1)::int AS place
      FROM feature_planner.plan_steps s, gone
     WHERE s.plan_generation_id = gone.plan_generation_id AND s.id <> gone.id
), shifted AS (
    UPDATE feature_planner.plan_steps s
       SET display_order = r.place, step_number = r.place + 1, updated_at = now()
      FROM ranked r
     WHERE s.id = r.id AND (s.display_order, s.step_number) <> (r.place, r.place + 1)
), counted AS (
    UPDATE feature_planner.implementation_plan_generations g
       SET total_steps = (SELECT count(*) FROM ranked)
      FROM gone
     WHERE g.id = gone.plan_generation_id
)
SELECT id FROM gone
