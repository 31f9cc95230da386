-- planwright: update an iteration
--
-- The migration is locked by the caller's first statement, so a name that another caller has given
-- is seen.
WITH taken AS (
    SELECT o.*
      FROM iteration_plans o
     WHERE o.mig_id = $1 AND o.ite_name = $2 AND o.ite_id <> $3
       AND NOT EXISTS (SELECT FROM iterations_ite i WHERE i.ite_id = $4 AND i.ite_name = $5)
     ORDER BY o.created_at, o.ite_id
     LIMIT 1
), changed AS (
    UPDATE iterations_ite i
       SET ite_name = $6, ite_description = $7, ite_static_cutover_date = $8,
           ite_dynamic_cutover_date = $9
     WHERE i.ite_id = $10 AND NOT EXISTS (SELECT FROM taken)
    RETURNING i.ite_id, i.mig_id,
              coalesce(i.plm_id, (SELECT v.plm_id FROM iteration_plans v WHERE v.ite_id = i.ite_id))
                  AS plm_id,
              i.itt_code, i.ite_name, i.ite_description, i.ite_status, i.ite_static_cutover_date,
              i.ite_dynamic_cutover_date, i.created_by, i.created_at, i.updated_by, i.updated_at
)
SELECT true, changed.* FROM changed
UNION ALL
SELECT false, taken.* FROM taken
