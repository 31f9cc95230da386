-- planwright: the plans of which versions may be pruned
--
-- In the order of their keys, as everything locks that locks several.
SELECT a.plan_id
  FROM active_plans a
 WHERE (SELECT count(*) FROM plan_versions v WHERE v.plan_id = a.plan_id) > $1
 ORDER BY a.plan_id
