-- planwright: delete a template
--
-- Its steps forget it here: in some states of the schema nothing else sees to it.
WITH gone AS (
    DELETE FROM feature_planner.plan_step_templates WHERE id = $1
    RETURNING id
), forgotten AS (
    UPDATE feature_planner.plan_steps s SET template_id = NULL FROM gone g WHERE s.template_id = g.id
)
SELECT id FROM gone
