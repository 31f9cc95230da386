-- What came between the guard of the step before and its lock.
SELECT format('%s recommendations without a plan', count(*)) AS problem
  FROM recommendation
 WHERE plan_id IS NULL
HAVING count(*) > 0;
