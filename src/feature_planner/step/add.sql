-- planwright: add a step
--
-- The plan is locked by the caller's first statement. Live data may have doubles and gaps, so all are
-- counted through; those that stand right already are left alone.
WITH ranked AS (
    SELECT id, row_number() OVER (ORDER BY display_order, step_number, id) - 1 AS rank
      FROM feature_planner.plan_steps
     WHERE plan_generation_id = $1
), sizes AS (
    SELECT count(*)::int AS steps, least($2, count(*))::int AS place FROM ranked
), counted AS (
    UPDATE feature_planner.implementation_plan_generations g
       SET total_steps = n.steps + 1
      FROM sizes n
     WHERE g.id = $3
    RETURNING g.id, n.place
), shifted AS (
    UPDATE feature_planner.plan_steps s
       SET display_order = x.place, step_number = x.place + 1, updated_at = now()
      FROM (SELECT r.id, (r.rank + (r.rank >= c.place)::int)::int AS place FROM ranked r, counted c) x
     WHERE s.id = x.id AND (s.display_order, s.step_number) <> (x.place, x.place + 1)
), made AS (
    INSERT INTO feature_planner.plan_steps
           (id, title, description, category, confidence_level, estimated_duration, commands,
            validation_commands, plan_generation_id, display_order, step_number)
    SELECT $4, $5, $6, $7, $8, $9, $10, $11, c.id, c.place, c.place + 1
      FROM counted c
    RETURNING *
)
