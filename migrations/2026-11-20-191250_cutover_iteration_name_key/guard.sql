-- Iterations of one migration that have one name: rename all of them but one.
SELECT format('migration %s has %s iterations named %L: %s', mig_id, count(*), ite_name,
              string_agg(ite_id::text, ', ' ORDER BY created_at, ite_id))
  FROM iterations_ite
 GROUP BY mig_id, ite_name
HAVING count(*) > 1
 ORDER BY mig_id, ite_name
 LIMIT 100;
