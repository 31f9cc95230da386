SELECT count(*) FILTER (WHERE r.plan_id IS NOT NULL AND l.plans IS NULL
                            OR r.plan_id = l.first AND r.plan_id = l.last),
       count(*) FILTER (WHERE r.plan_id IS NULL AND l.plans = 1),
       count(*) FILTER (WHERE r.plan_id IS NULL AND l.plans > 1),
       count(*) FILTER (WHERE r.plan_id IS NULL AND l.plans IS NULL),
       count(*) FILTER (WHERE r.plan_id <> l.first OR r.plan_id <> l.last)
  FROM recommendation r
  LEFT JOIN (SELECT recommendation_id, count(*) AS plans, min(plan_id) AS first,
                    max(plan_id) AS last
               FROM plan_recommendations
              GROUP BY recommendation_id) l ON l.recommendation_id = r.id
