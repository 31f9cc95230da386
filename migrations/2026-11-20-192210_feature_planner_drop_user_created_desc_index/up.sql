-- An index on a time would be built anew under the lock of the change of its type: 1.4 s at a million
-- rows. It goes before, and comes again behind it; what reads by it is slower meanwhile.
-- Held: it makes readers slower.
-- Locks: SHARE UPDATE EXCLUSIVE on feature_plans; readers and writers go on.
-- Reversible: yes.
DROP INDEX CONCURRENTLY IF EXISTS feature_planner.feature_plans_user_created_desc_idx;
