-- planwright: discard a draft that changes nothing of the active version
WITH gone AS (
    DELETE FROM draft_plans WHERE draft_id = $1
)
SELECT plan_version_id, plan_id, version_number, name, base_version_id, base_version_number,
       author_id, message, label, content_digest, created_at
  FROM plan_versions WHERE plan_version_id = $2
