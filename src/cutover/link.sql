-- planwright: link an iteration
--
-- The migration is locked by the caller's first statement, so what another caller has linked is seen.
-- Of doubles, which live data may have until names are unique, the one that is asked for comes first.
-- Values stand in the conditions themselves: joined, they would let the planner scan the tables.
WITH found AS (
    SELECT v.*
      FROM iteration_plans v
     WHERE v.mig_id = $1 AND v.ite_name = $2
     ORDER BY v.plm_id = $3 AND v.itt_code = $4 DESC, v.created_at, v.ite_id
     LIMIT 1
), inactive AS (
    SELECT itt_code FROM iteration_types_itt WHERE itt_code = $5 AND NOT active
), unfinished AS (
    -- The index is there where the host has turned the policy on.
    SELECT v.*
      FROM iteration_plans v
     WHERE v.mig_id = $6 AND $7 = 'CUTOVER' AND v.itt_code = 'CUTOVER'
       AND v.ite_status IN ('PLANNING', 'IN_PROGRESS')
       AND to_regclass('iterations_ite_mig_id_open_cutover_uq') IS NOT NULL
     ORDER BY v.created_at, v.ite_id
     LIMIT 1
), made AS (
    INSERT INTO iterations_ite (ite_id, mig_id, plm_id, itt_code, ite_name, ite_description,
                                ite_static_cutover_date, ite_dynamic_cutover_date)
    SELECT $8, $9, $10, $11, $12, $13, $14, $15
     WHERE NOT EXISTS (SELECT FROM found) AND NOT EXISTS (SELECT FROM inactive)
       AND NOT EXISTS (SELECT FROM unfinished)
    RETURNING ite_id, mig_id, plm_id, itt_code, ite_name, ite_description, ite_status,
              ite_static_cutover_date, ite_dynamic_cutover_date, created_by, created_at,
              updated_by, updated_at
)
SELECT 'made', made.* FROM made
UNION ALL
SELECT 'found', found.* FROM found
UNION ALL
SELECT 'unfinished', unfinished.* FROM unfinished
 WHERE NOT EXISTS (SELECT FROM found) AND NOT EXISTS (SELECT FROM inactive)
