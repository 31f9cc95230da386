) m
 CROSS JOIN LATERAL (
    SELECT array_agg(ROW(p.plm_id, p.plm_name, p.plm_status) ORDER BY p.plm_name, p.plm_id)
               FILTER (WHERE p.plm_id IS NOT NULL) AS plans,
           coalesce(sum(i.iterations), 0)::bigint AS iterations
      FROM (SELECT plm_id, count(*) AS iterations FROM iteration_plans
             WHERE mig_id = m.mig_id GROUP BY plm_id) i
      LEFT JOIN plans_master_plm p ON p.plm_id = i.plm_id) used
 ORDER BY m.mig_id
