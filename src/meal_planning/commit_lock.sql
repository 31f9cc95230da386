-- planwright: lock a plan and a draft of it
--
-- In this order, which every verb keeps. A draft that goes while this waits gives no row.
SELECT d.plan_id, d.revision, d.seen_version_number, a.plan_version_id, a.archived_at IS NOT NULL
  FROM active_plans a
  JOIN draft_plans d ON d.plan_id = a.plan_id
 WHERE d.draft_id = $1 AND d.user_id = $2
   FOR UPDATE OF a, d
