-- In the order in which a replace takes them.
SELECT p.id
  FROM plan p
 WHERE p.id IN (SELECT l.plan_id FROM plan_recommendations l WHERE l.recommendation_id = ANY ($1)
                UNION
                SELECT r.plan_id FROM recommendation r WHERE r.id = ANY ($2))
 ORDER BY p.property_id, p.scenario_id, p.id
   FOR NO KEY UPDATE