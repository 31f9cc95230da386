-- The rows as they were, with the plans that they were to get, and as they are. Hashes of equal rows
-- are equal; that sums of different ones are is as good as impossible by mistake.
SELECT wanted.count, stored.count, wanted.hash IS NOT DISTINCT FROM stored.hash
  FROM (SELECT count(*), sum(hashtextextended(
                   p.plan_id || (to_jsonb(o) - '{id,plan_id,position}'::text[])::text, 0)) AS hash
          FROM (SELECT recommendation_id, plan_id FROM keeps
                UNION ALL
                SELECT recommendation_id, plan_id FROM further) p
          JOIN recommendation o ON o.id = p.recommendation_id) wanted,
       (SELECT count(*), sum(hashtextextended(
                   s.plan_id || (s.content - '{id,plan_id,position}'::text[])::text, 0)) AS hash
          FROM (SELECT * FROM kept UNION ALL SELECT * FROM copied) s) stored
