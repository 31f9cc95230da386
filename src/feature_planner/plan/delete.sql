-- planwright: delete a plan
--
-- What has it for a parent goes to its own parent, or to the next version. Where that has a version of
-- this number already, as live data may, it goes to none.
WITH heir AS (
    SELECT coalesce(
               nullif(p.parent_plan_id, p.id),
               (SELECT v.id
                  FROM feature_planner.feature_plans v
                 WHERE v.parent_plan_id = p.id AND v.id <> p.id AND v.user_id = p.user_id
                 ORDER BY v.version, v.created_at, v.id
                 LIMIT 1)) AS id,
           p.user_id
      FROM feature_planner.feature_plans p
     WHERE p.id = $1
), handed_on AS (
    UPDATE feature_planner.feature_plans v
       SET parent_plan_id = (
               SELECT heir.id
                 FROM heir
                WHERE heir.id <> v.id AND heir.user_id = v.user_id
                  AND NOT EXISTS (SELECT FROM feature_planner.feature_plans o
                                   WHERE o.parent_plan_id = heir.id AND o.version = v.version))
     WHERE v.parent_plan_id = $2 AND v.id <> v.parent_plan_id
)
DELETE FROM feature_planner.feature_plans WHERE id = $3
