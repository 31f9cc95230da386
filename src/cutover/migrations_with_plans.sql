-- planwright: migrations with their plans
WITH page AS ({page})
SELECT page.*, used.plans, coalesce(used.iterations, 0)
  FROM page
  LEFT JOIN (
    SELECT i.mig_id,
           array_agg(ROW(p.plm_id, p.plm_name, p.plm_status) ORDER BY p.plm_name, p.plm_id)
               FILTER (WHERE p.plm_id IS NOT NULL) AS plans,
           sum(i.iterations)::bigint AS iterations
      -- The keys are stated for the view: a join's condition does not get into its branches.
      FROM (SELECT mig_id, plm_id, count(*) AS iterations FROM iteration_plans
             WHERE mig_id = ANY (ARRAY(SELECT mig_id FROM page)) GROUP BY mig_id, plm_id) i
      LEFT JOIN plans_master_plm p ON p.plm_id = i.plm_id
     GROUP BY i.mig_id) used ON used.mig_id = page.mig_id
 ORDER BY page.mig_id
