-- planwright: make an older version of a plan active
WITH v AS (
    SELECT plan_id, plan_version_id, version_number, name
      FROM plan_versions WHERE plan_version_id = $1 AND plan_id = $2
), a AS (
    UPDATE active_plans a
       SET name = v.name, plan_version_id = v.plan_version_id,
           activated_at = greatest(clock_timestamp(), a.activated_at + interval '1 microsecond')
      FROM v WHERE a.plan_id = v.plan_id
    RETURNING a.plan_id, a.activated_at
)
INSERT INTO plan_activations (plan_id, plan_version_id, version_number, activated_at, activated_by,
                              cause, reason)
SELECT v.plan_id, v.plan_version_id, v.version_number, a.activated_at, $3, 'revert', $4
  FROM v JOIN a USING (plan_id)
