WITH target AS (
    SELECT $1::bigint AS id
), reached AS (
    SELECT r.id, r.plan_id = t.id AS own,
           r.plan_id IS NOT NULL AND r.plan_id <> t.id
           OR EXISTS (SELECT FROM plan_recommendations other
                       WHERE other.recommendation_id = r.id AND other.plan_id <> t.id) AS shared
      FROM target t,
           recommendation r
     WHERE r.id IN (SELECT recommendation_id FROM plan_recommendations
                     WHERE plan_id = (SELECT id FROM target)
                    UNION
                    SELECT id FROM recommendation WHERE plan_id = (SELECT id FROM target))
), released AS (
    -- Its plan goes, and another one still has it by the join.
    UPDATE recommendation r
       SET plan_id = NULL, position = NULL
      FROM reached
     WHERE r.id = reached.id AND reached.own AND reached.shared
), removed AS (
    DELETE FROM recommendation r
     USING reached
     WHERE r.id = reached.id AND NOT reached.shared
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed), (SELECT count(*) FROM reached WHERE shared)
