-- planwright: the backfill makes iterations for migrations without one
WITH wanted AS MATERIALIZED (
    SELECT k.ite_id, m.mig_id, m.plm_id
      FROM unnest($1::uuid[], $2::uuid[]) AS k(mig_id, ite_id)
      JOIN migrations_mig m ON m.mig_id = k.mig_id
     WHERE m.plm_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id)
), stored AS (
    INSERT INTO iterations_ite AS i
           (ite_id, mig_id, plm_id, itt_code, ite_name, ite_status, created_by, updated_by)
    SELECT w.ite_id, w.mig_id, w.plm_id, 'RUN', $3, 'PLANNING', $4, $5 FROM wanted w
    RETURNING i.ite_id, i.mig_id, i.plm_id
)
