SELECT id, plan_id, agent_id, agent_model, agent_name, agent_role, status, input_request,
       refined_request, focus, assumptions, key_requirements, risks, confidence, estimated_scope,
       technical_complexity, is_valid_format, validation_errors, retry_count, word_count,
       character_count, expansion_ratio, prompt_tokens, completion_tokens, total_tokens,
       execution_time_ms, error_message, completed_at, created_at
  FROM done
 ORDER BY id
