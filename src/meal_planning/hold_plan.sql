-- planwright: hold the plan of a draft
--
-- NO KEY UPDATE, not SHARE: two units that rebase and then commit would wait for each other.
SELECT a.plan_id FROM active_plans a
 WHERE a.plan_id = (SELECT d.plan_id FROM draft_plans d WHERE d.draft_id = $1 AND d.user_id = $2)
   FOR NO KEY UPDATE
