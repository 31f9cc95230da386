-- planwright: the master plans of a migration
SELECT p.plm_id, p.plm_name, p.plm_description, p.plm_status, p.created_by, p.created_at,
       p.updated_by, p.updated_at
  FROM migrations_mig m
  -- The key is stated for the view: a join's condition does not get into its branches.
  LEFT JOIN (SELECT DISTINCT plm_id FROM iteration_plans WHERE mig_id = $1) used ON true
  LEFT JOIN plans_master_plm p ON p.plm_id = used.plm_id
 WHERE m.mig_id = $2
 ORDER BY p.plm_name, p.plm_id
