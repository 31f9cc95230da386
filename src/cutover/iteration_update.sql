-- planwright: update an iteration
--
-- The migration is locked by the caller's first statement, so a name that another caller has given
-- is seen.
WITH asked AS (
    SELECT $1::uuid AS ite_id, $2::uuid AS mig_id, $3::text AS ite_name, $4::text AS ite_description,
           $5::timestamptz AS ite_static_cutover_date, $6::timestamptz AS ite_dynamic_cutover_date
), taken AS (
    SELECT o.*
      FROM asked a
      -- The key is stated for the view: a join's condition does not get into its branches.
      JOIN (SELECT * FROM iteration_plans WHERE mig_id = (SELECT mig_id FROM asked)) o
        ON o.ite_name = a.ite_name AND o.ite_id <> a.ite_id
     WHERE NOT EXISTS (SELECT FROM iterations_ite i
                        WHERE i.ite_id = a.ite_id AND i.ite_name = a.ite_name)
     ORDER BY o.created_at, o.ite_id
     LIMIT 1
), changed AS (
    UPDATE iterations_ite i
       SET ite_name = a.ite_name, ite_description = a.ite_description,
           ite_static_cutover_date = a.ite_static_cutover_date,
           ite_dynamic_cutover_date = a.ite_dynamic_cutover_date
      FROM asked a
     WHERE i.ite_id = a.ite_id AND NOT EXISTS (SELECT FROM taken)
    RETURNING i.ite_id, i.mig_id,
              coalesce(i.plm_id, (SELECT v.plm_id FROM iteration_plans v WHERE v.ite_id = i.ite_id))
                  AS plm_id,
              i.itt_code, i.ite_name, i.ite_description, i.ite_status, i.ite_static_cutover_date,
              i.ite_dynamic_cutover_date, i.created_by, i.created_at, i.updated_by, i.updated_at
)
SELECT true, changed.* FROM changed
UNION ALL
SELECT false, taken.* FROM taken
