-- The indexes become constraints that are checked at the end of a statement, so that one statement can put
-- steps into another order.
-- Held: ON CONFLICT cannot name them any more.
-- Locks: ACCESS EXCLUSIVE on plan_steps, milliseconds. Nothing is scanned.
-- Reversible: yes; the down builds both indexes anew under its lock.
ALTER TABLE feature_planner.plan_steps
    ADD CONSTRAINT plan_steps_plan_generation_id_display_order_uq UNIQUE USING INDEX plan_steps_plan_generation_id_display_order_uq DEFERRABLE,
    ADD CONSTRAINT plan_steps_plan_generation_id_step_number_uq UNIQUE USING INDEX plan_steps_plan_generation_id_step_number_uq DEFERRABLE;
