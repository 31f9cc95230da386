SELECT id, plan_generation_id, display_order, step_number, title, description, category,
       confidence_level, estimated_duration, commands, validation_commands, is_from_template,
       template_id, created_at, updated_at
  FROM made
