-- planwright: link an iteration
--
-- The migration is locked by the caller's first statement, so what another caller has linked is seen.
-- Of doubles, which live data may have until names are unique, the one that is asked for comes first.
WITH asked AS (
    SELECT $1::uuid AS ite_id, $2::uuid AS mig_id, $3::uuid AS plm_id, $4::text AS itt_code,
           $5::text AS ite_name, $6::text AS ite_description,
           $7::timestamptz AS ite_static_cutover_date, $8::timestamptz AS ite_dynamic_cutover_date
), of_migration AS (
    -- The key is stated for the view: a join's condition does not get into its branches.
    SELECT * FROM iteration_plans WHERE mig_id = (SELECT mig_id FROM asked)
), found AS (
    SELECT v.*
      FROM asked a CROSS JOIN of_migration v
     WHERE v.ite_name = a.ite_name
     ORDER BY v.plm_id = a.plm_id AND v.itt_code = a.itt_code DESC, v.created_at, v.ite_id
     LIMIT 1
), inactive AS (
    SELECT t.itt_code
      FROM asked a JOIN iteration_types_itt t ON t.itt_code = a.itt_code
     WHERE NOT t.active
), unfinished AS (
    -- The index is there where the host has turned the policy on.
    SELECT v.*
      FROM asked a CROSS JOIN of_migration v
     WHERE a.itt_code = 'CUTOVER' AND v.itt_code = 'CUTOVER'
       AND v.ite_status IN ('PLANNING', 'IN_PROGRESS')
       AND to_regclass('iterations_ite_mig_id_open_cutover_uq') IS NOT NULL
     ORDER BY v.created_at, v.ite_id
     LIMIT 1
), made AS (
    INSERT INTO iterations_ite (ite_id, mig_id, plm_id, itt_code, ite_name, ite_description,
                                ite_static_cutover_date, ite_dynamic_cutover_date)
    SELECT a.ite_id, a.mig_id, a.plm_id, a.itt_code, a.ite_name, a.ite_description,
           a.ite_static_cutover_date, a.ite_dynamic_cutover_date
      FROM asked a
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
