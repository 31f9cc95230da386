-- planwright: the next migrations of the backfill, and what each still needs
SELECT m.mig_id, coalesce(i.unnamed, false), m.due AND i.unnamed IS NULL
  FROM (SELECT mig_id, plm_id IS NOT NULL AND created_at <= $1::timestamptz AS due
          FROM migrations_mig
         WHERE mig_id >= $2
         ORDER BY mig_id LIMIT $3) m
 -- An aggregate is looked up by key for each; EXISTS may become a scan of all iterations.
 CROSS JOIN LATERAL (
    SELECT bool_or(i.plm_id IS NULL) AS unnamed FROM iterations_ite i WHERE i.mig_id = m.mig_id
 ) i
 ORDER BY m.mig_id
