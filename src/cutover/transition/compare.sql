-- The links that were to be stored, and those that are. Hashes of equal ones are equal; that sums of
-- different ones are is as good as impossible by mistake.
SELECT w.count, s.count, w.hash IS NOT DISTINCT FROM s.hash
  FROM (SELECT count(*), sum(hashtextextended(ROW (ite_id, mig_id, plm_id)::text, 0)) AS hash
          FROM wanted) w,
       (SELECT count(*), sum(hashtextextended(ROW (ite_id, mig_id, plm_id)::text, 0)) AS hash
          FROM stored) s
