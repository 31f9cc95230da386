-- Recommendations that no plan has selected. Nothing of this crate deletes them: keep them elsewhere,
-- or delete them.
SELECT format('%s recommendations without a plan', count(*)) AS problem
  FROM recommendation
 WHERE plan_id IS NULL
HAVING count(*) > 0;
