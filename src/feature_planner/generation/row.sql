SELECT id, plan_id, agent_id, status, refined_request, discovered_files, implementation_plan,
       complexity, risk_level, estimated_duration, total_steps, prerequisites_count,
       quality_gates_count, has_required_sections, is_valid_markdown, is_selected,
       validation_errors, prompt_tokens, completion_tokens, total_tokens, execution_time_ms,
       error_message, completed_at, created_at
  FROM done
