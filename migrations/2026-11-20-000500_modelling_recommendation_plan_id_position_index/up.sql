-- One index for three uses: the rule that a plan's positions are unique, a plan's measures in their
-- order, and the foreign key's cascade.
-- Locks: SHARE UPDATE EXCLUSIVE on recommendation while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY recommendation_plan_id_position_uq
    ON recommendation (plan_id, position) WHERE plan_id IS NOT NULL;
