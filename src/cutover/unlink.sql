-- planwright: unlink an iteration
WITH locked AS (
    SELECT ite_id, ite_status FROM iterations_ite WHERE ite_id = $1 FOR UPDATE
), gone AS (
    DELETE FROM iterations_ite i USING locked l
     WHERE i.ite_id = l.ite_id AND l.ite_status IN ('PLANNING', 'CANCELLED')
)
SELECT ite_status FROM locked
