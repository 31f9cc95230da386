-- planwright: what is left for the backfill, and what it cannot do
SELECT (SELECT count(*) FROM iterations_ite WHERE plm_id IS NULL),
       (SELECT count(*) FROM iteration_plans WHERE plm_id IS NULL),
       (SELECT count(*)
          FROM migrations_mig m
         WHERE m.plm_id IS NOT NULL AND m.created_at <= coalesce($1::timestamptz, 'infinity')
           AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id))
