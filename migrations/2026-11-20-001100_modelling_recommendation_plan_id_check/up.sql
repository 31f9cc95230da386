-- The first of three steps that make recommendation.plan_id NOT NULL, each with the least lock.
-- Held, for a legacy writer notices: from here on a recommendation without a plan is refused.
-- Locks: ACCESS EXCLUSIVE on recommendation for some milliseconds; rows that are there are not
-- looked at. The guard scans before that, without a lock that anybody waits for.
-- Reversible: yes, in milliseconds.
ALTER TABLE recommendation
    ADD CONSTRAINT recommendation_plan_id_ck CHECK (plan_id IS NOT NULL) NOT VALID;
