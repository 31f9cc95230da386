-- planwright: what the log of a plan sums up to
--
-- A row without a step says that there is the plan.
SELECT l.step, count(l.id), count(*) FILTER (WHERE NOT l.is_success),
       coalesce(sum(l.prompt_tokens), 0), coalesce(sum(l.completion_tokens), 0),
       coalesce(sum(coalesce(l.total_tokens::bigint,
                             coalesce(l.prompt_tokens, 0)::bigint + coalesce(l.completion_tokens, 0))),
                0)::bigint,
       coalesce(sum(l.cache_creation_tokens), 0), coalesce(sum(l.cache_read_tokens), 0),
       coalesce(sum(l.duration_ms), 0)
  FROM feature_planner.feature_plans p
  LEFT JOIN feature_planner.plan_execution_logs l ON l.plan_id = p.id
 WHERE p.id = $1 AND p.user_id = $2
 GROUP BY l.step
