-- planwright: what a draft is rebased onto
--
-- The plan is held, so its active version and its highest number fit each other; the draft is held,
-- so its revision is the one of its rows.
SELECT d.draft_id, d.user_id, d.plan_id, d.name, d.base_version_id, d.seen_version_number,
       d.revision, d.created_at, d.updated_at,
       p.name, a.plan_version_id,
       (SELECT coalesce(max(v.version_number), 0) FROM plan_versions v WHERE v.plan_id = d.plan_id)
  FROM draft_plans d
  JOIN plans p ON p.plan_id = d.plan_id
  JOIN active_plans a ON a.plan_id = d.plan_id
 WHERE d.draft_id = $1 AND d.user_id = $2
   FOR NO KEY UPDATE OF d
