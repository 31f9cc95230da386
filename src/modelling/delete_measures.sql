gone AS (
    DELETE FROM recommendation
     WHERE plan_id = ANY ((SELECT ids FROM target)::bigint[])
    RETURNING plan_id
)
SELECT plan_id, count(*) FROM gone GROUP BY plan_id
