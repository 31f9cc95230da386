-- planwright: the iterations that run a master plan
SELECT i.ite_id, i.mig_id, i.plm_id, i.itt_code, i.ite_name, i.ite_description, i.ite_status,
       i.ite_static_cutover_date, i.ite_dynamic_cutover_date, i.created_by, i.created_at,
       i.updated_by, i.updated_at,
       m.mig_id, m.mig_name, m.mig_description, m.mig_status, m.mig_type, m.mig_start_date,
       m.mig_end_date, m.mig_business_cutover_date, m.usr_id_owner, m.created_by, m.created_at,
       m.updated_by, m.updated_at
  -- The first page is behind no key, not even the lowest.
  FROM (SELECT * FROM iteration_plans
         WHERE plm_id = $1 AND ite_id >= $2 AND ite_id IS DISTINCT FROM $3
         ORDER BY ite_id LIMIT $4) i
  JOIN migrations_mig m ON m.mig_id = i.mig_id
 ORDER BY i.ite_id
