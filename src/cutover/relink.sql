-- planwright: relink an iteration
--
-- updated_at is set so that the trigger takes an iteration that had its migration's plan for changed.
WITH locked AS (
    SELECT i.ite_id, i.mig_id,
           coalesce(i.plm_id, (SELECT v.plm_id FROM iteration_plans v WHERE v.ite_id = i.ite_id))
               AS plm_id,
           i.itt_code, i.ite_name, i.ite_description, i.ite_status, i.ite_static_cutover_date,
           i.ite_dynamic_cutover_date, i.created_by, i.created_at, i.updated_by, i.updated_at
      FROM iterations_ite i
     WHERE i.ite_id = $1
       FOR NO KEY UPDATE OF i
), asked AS (
    SELECT $2::uuid AS plm_id
), moved AS (
    UPDATE iterations_ite i SET plm_id = a.plm_id, updated_at = now()
      FROM locked l, asked a
     WHERE i.ite_id = l.ite_id AND l.ite_status = 'PLANNING' AND l.plm_id IS DISTINCT FROM a.plm_id
    RETURNING i.ite_id, i.mig_id, i.plm_id, i.itt_code, i.ite_name, i.ite_description, i.ite_status,
              i.ite_static_cutover_date, i.ite_dynamic_cutover_date, i.created_by, i.created_at,
              i.updated_by, i.updated_at
)
SELECT moved.* FROM moved
UNION ALL
SELECT locked.* FROM locked WHERE NOT EXISTS (SELECT FROM moved)
