-- Migrations whose plan would be forgotten: none of their iterations runs it. Give them one that does,
-- which the backfill does where there is none at all, or set the migration's plan to NULL.
SELECT format('master plan %s of migration %s (%s) is in none of its iterations', m.plm_id, m.mig_id,
              m.mig_name)
  FROM migrations_mig m
 WHERE m.plm_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id AND i.plm_id = m.plm_id)
 ORDER BY m.mig_id
 LIMIT 100;
