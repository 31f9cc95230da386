-- planwright: add a step from a template
--
-- As add.sql does, where there is a template that the user may use: nothing is counted or shifted
-- without.
WITH used AS (
    UPDATE feature_planner.plan_step_templates
       SET usage_count = least(usage_count, 2147483646) + 1
     WHERE id = $1 AND (is_public OR user_id = $2)
    RETURNING *
), ranked AS (
    SELECT id, row_number() OVER (ORDER BY display_order, step_number, id) - 1 AS rank
      FROM feature_planner.plan_steps
     WHERE plan_generation_id = $3
), sizes AS (
    SELECT count(*)::int AS steps, least($4, count(*))::int AS place FROM ranked
), counted AS (
    UPDATE feature_planner.implementation_plan_generations g
       SET total_steps = n.steps + 1
      FROM sizes n, used
     WHERE g.id = $5
    RETURNING g.id, n.place
), shifted AS (
    UPDATE feature_planner.plan_steps s
       SET display_order = x.place, step_number = x.place + 1, updated_at = now()
      FROM (SELECT r.id, (r.rank + (r.rank >= c.place)::int)::int AS place FROM ranked r, counted c) x
     WHERE s.id = x.id AND (s.display_order, s.step_number) <> (x.place, x.place + 1)
), made AS (
    INSERT INTO feature_planner.plan_steps
           (id, plan_generation_id, display_order, step_number, title, description, category,
            confidence_level, estimated_duration, commands, validation_commands, is_from_template,
            template_id)
    SELECT $6, c.id, c.place, c.place + 1, t.title, t.content, t.category, t.confidence_level,
           t.estimated_duration, t.commands, t.validation_commands, true, t.id
      FROM counted c, used t
    RETURNING *
)
