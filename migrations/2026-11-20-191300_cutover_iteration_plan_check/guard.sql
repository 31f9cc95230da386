-- Iterations that name no master plan, which the backfill gives them.
SELECT format('iteration %s (%s) names no master plan', ite_id, ite_name)
  FROM iterations_ite
 WHERE plm_id IS NULL
 ORDER BY ite_id
 LIMIT 100;
