-- A constraint takes its index along. Readers and writers of plan_steps wait while both are built.
ALTER TABLE feature_planner.plan_steps
    DROP CONSTRAINT plan_steps_plan_generation_id_display_order_uq,
    DROP CONSTRAINT plan_steps_plan_generation_id_step_number_uq;
-- lint:allow an index that blocks writers: the table is locked anyway
CREATE UNIQUE INDEX plan_steps_plan_generation_id_display_order_uq
    ON feature_planner.plan_steps (plan_generation_id, display_order);
-- lint:allow an index that blocks writers: the table is locked anyway
CREATE UNIQUE INDEX plan_steps_plan_generation_id_step_number_uq
    ON feature_planner.plan_steps (plan_generation_id, step_number);
