-- Links that the backfill has not moved yet, or cannot. A link that comes between this and the lock
-- is found by the next step.
SELECT found.problem
  FROM (SELECT count(*) FILTER (WHERE r.plan_id IS NULL) AS unmoved,
               count(*) FILTER (WHERE r.plan_id IS NOT NULL) AS contradictory
          FROM plan_recommendations l
          JOIN recommendation r ON r.id = l.recommendation_id
         WHERE r.plan_id IS DISTINCT FROM l.plan_id) AS counted,
       LATERAL (VALUES
           (1, unmoved, format('%s links to recommendations without a plan_id, which the backfill moves', unmoved)),
           (2, contradictory, format('%s links to recommendations of another plan, which have to be resolved', contradictory))
       ) AS found (nth, links, problem)
 WHERE found.links > 0
 ORDER BY found.nth;
