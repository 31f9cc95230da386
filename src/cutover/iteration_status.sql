-- planwright: set the status of an iteration
UPDATE iterations_ite i SET ite_status = $1
 WHERE ite_id = $2 AND ite_status = $3
RETURNING ite_id, mig_id,
          coalesce(plm_id, (SELECT v.plm_id FROM iteration_plans v WHERE v.ite_id = i.ite_id)),
          itt_code, ite_name, ite_description, ite_status, ite_static_cutover_date,
          ite_dynamic_cutover_date, created_by, created_at, updated_by, updated_at
