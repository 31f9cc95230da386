-- planwright: append to a log
--
-- Nothing, where the plan is not the user's, or has not all of the parents that stand outside.
INSERT INTO feature_planner.plan_execution_logs
       (plan_id, id, parent_log_id, step, step_number, agent_type, agent_model, agent_level,
        session_id, parent_tool_use_id, input_prompt, agent_response, start_time, end_time,
        duration_ms, prompt_tokens, completion_tokens, total_tokens, cache_creation_tokens,
        cache_read_tokens, is_success, retry_attempt, error_message, metadata)
SELECT p.id, e.id, e.parent, e.step::feature_planner.execution_step, e.step_number, e.agent_type,
       e.agent_model, e.agent_level, e.session, e.tool_use, e.prompt, e.response, e.begun, e.ended,
       e.duration, e.prompt_tokens, e.completion_tokens, e.total_tokens, e.cache_creation_tokens,
       e.cache_read_tokens, e.is_success, e.retry, e.error, e.metadata
  FROM feature_planner.feature_plans p
 CROSS JOIN unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                   $19, $20, $21, $22, $23)
       AS e (id, parent, step, step_number, agent_type, agent_model, agent_level, session, tool_use,
             prompt, response, begun, ended, duration, prompt_tokens, completion_tokens,
             total_tokens, cache_creation_tokens, cache_read_tokens, is_success, retry, error,
             metadata)
 WHERE p.id = $24 AND p.user_id = $25
   AND NOT EXISTS (SELECT
                     FROM unnest($26) AS o (parent)
                    WHERE NOT EXISTS (SELECT
                                        FROM feature_planner.plan_execution_logs l
                                       WHERE l.id = o.parent AND l.plan_id = $27))
RETURNING id, plan_id, parent_log_id, step, step_number, agent_type, agent_model, agent_level,
          session_id, parent_tool_use_id, input_prompt, agent_response, start_time, end_time,
          duration_ms, prompt_tokens, completion_tokens, total_tokens, cache_creation_tokens,
          cache_read_tokens, is_success, retry_attempt, error_message, metadata, created_at
