-- What a plan's choice refers to: the generation, as one of that plan. No row can break it, as ids differ.
-- Locks: SHARE UPDATE EXCLUSIVE on implementation_plan_generations while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY implementation_plan_generations_id_plan_id_uq
    ON feature_planner.implementation_plan_generations (id, plan_id);
