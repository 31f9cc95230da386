-- The steps of a generation have different places. Until the index is a constraint, two steps cannot
-- change places in one statement.
-- Held: live data may have doubles, which the guard lists.
-- Locks: SHARE UPDATE EXCLUSIVE on plan_steps while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY plan_steps_plan_generation_id_display_order_uq
    ON feature_planner.plan_steps (plan_generation_id, display_order);
