-- planwright: permit to prune versions
--
-- Plan, number, digest, time and transaction are filled by a trigger.
INSERT INTO plan_prunings (plan_version_id, pruned_by, reason)
SELECT u.plan_version_id, $1, $2 FROM unnest($3) AS u(plan_version_id)
