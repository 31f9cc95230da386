-- planwright: the history of a plan
SELECT v.plan_version_id, v.plan_id, v.version_number, v.name, v.base_version_id,
       v.base_version_number, v.author_id, v.message, v.label, v.content_digest, v.created_at,
       (SELECT count(*) FROM meals_in_plan_versions m WHERE m.plan_version_id = v.plan_version_id),
       (SELECT count(*) FROM meal_section_versions s WHERE s.plan_version_id = v.plan_version_id),
       (SELECT count(*) FROM ingredient_versions l WHERE l.plan_version_id = v.plan_version_id),
       a.plan_version_id IS NOT DISTINCT FROM v.plan_version_id
  FROM (SELECT * FROM plan_versions WHERE plan_id = $1 AND version_number < $2
         ORDER BY version_number DESC LIMIT $3) v
  JOIN active_plans a ON a.plan_id = v.plan_id
 ORDER BY v.version_number DESC
