-- planwright: the backfill names the plans of iterations
WITH wanted AS MATERIALIZED (
    SELECT p.ite_id, p.mig_id, p.plm_id FROM iteration_plans p WHERE p.ite_id = ANY ($1)
), stored AS (
    UPDATE iterations_ite i
       SET plm_id = w.plm_id
      FROM wanted w
     WHERE i.ite_id = w.ite_id AND i.plm_id IS NULL
    RETURNING i.ite_id, i.mig_id, i.plm_id
)
