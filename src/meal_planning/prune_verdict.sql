-- planwright: which versions a policy keeps, and why
WITH scope AS (
    SELECT u.plan_id, a.plan_version_id
      FROM unnest($1) AS u(plan_id) JOIN active_plans a ON a.plan_id = u.plan_id
), intervals AS (
    SELECT l.plan_version_id,
           lead(l.activated_at) OVER (PARTITION BY l.plan_id ORDER BY l.activated_at) AS ended_at
      FROM plan_activations l WHERE l.plan_id = ANY ($2)
), recent AS (
    SELECT DISTINCT plan_version_id FROM intervals
     WHERE ended_at IS NULL OR ended_at > now() - make_interval(days => $3)
), numbered AS (
    SELECT v.plan_id, v.plan_version_id, v.version_number, v.label,
           row_number() OVER (PARTITION BY v.plan_id ORDER BY v.version_number DESC) AS nth
      FROM plan_versions v WHERE v.plan_id = ANY ($4)
)
SELECT n.plan_id, n.plan_version_id, n.version_number, n.label,
       n.nth = 1, n.nth <= $5,
       s.plan_version_id IS NOT DISTINCT FROM n.plan_version_id,
       EXISTS (SELECT FROM draft_plans d
                WHERE d.base_version_id = n.plan_version_id AND d.plan_id = n.plan_id),
       EXISTS (SELECT FROM recent r WHERE r.plan_version_id = n.plan_version_id)
  FROM numbered n JOIN scope s ON s.plan_id = n.plan_id
 ORDER BY n.plan_id, n.version_number DESC
