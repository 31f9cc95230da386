INSERT INTO public.users (id) VALUES ('00000000-0000-0000-0000-000000000001');
INSERT INTO feature_plans (id, user_id, original_request, status, complexity, risk_level, created_at, completed_at)
VALUES ('00000000-0000-0000-0000-000000000010', '00000000-0000-0000-0000-000000000001', 'Sort the list',
        'planning', 'low', 'high', '2026-01-02 03:04:05.678', '2026-07-02 03:04:05.678');
INSERT INTO feature_plans (id, user_id, original_request, parent_plan_id, version) VALUES
    ('00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-000000000001', 'Sort it again',
     '00000000-0000-0000-0000-000000000010', 2);
INSERT INTO feature_refinements (id, plan_id, agent_id, status, input_request, confidence, estimated_scope, technical_complexity)
VALUES ('00000000-0000-0000-0000-000000000020', '00000000-0000-0000-0000-000000000010', 'a', 'cancelled', 'Sort',
        'high', 'small', 'low');
INSERT INTO file_discovery_sessions (id, plan_id, agent_id, refined_request)
VALUES ('00000000-0000-0000-0000-000000000030', '00000000-0000-0000-0000-000000000010', 'b', 'Sort');
INSERT INTO discovered_files (id, discovery_session_id, file_path, priority, added_by_user_id)
VALUES ('00000000-0000-0000-0000-000000000040', '00000000-0000-0000-0000-000000000030', 'src/list.rs', 'critical',
        '00000000-0000-0000-0000-000000000001');
INSERT INTO implementation_plan_generations (id, plan_id, agent_id, refined_request)
VALUES ('00000000-0000-0000-0000-000000000050', '00000000-0000-0000-0000-000000000010', 'c', 'Sort');
INSERT INTO plan_step_templates (id, user_id, name, title, category, description, content)
VALUES ('00000000-0000-0000-0000-000000000060', '00000000-0000-0000-0000-000000000001', 'n', 't', 'c', 'd', 'x');
INSERT INTO plan_steps (id, plan_generation_id, step_number, display_order, title, description, template_id) VALUES
    ('00000000-0000-0000-0000-000000000070', '00000000-0000-0000-0000-000000000050', 1, 0, 'One', 'x',
     '00000000-0000-0000-0000-000000000060'),
    ('00000000-0000-0000-0000-000000000071', '00000000-0000-0000-0000-000000000050', 2, 1, 'Two', 'x', NULL);
INSERT INTO plan_execution_logs (id, plan_id, step, step_number, agent_type, start_time)
VALUES ('00000000-0000-0000-0000-000000000080', '00000000-0000-0000-0000-000000000010', 'refinement', 1, 'a', now());
INSERT INTO plan_execution_logs (id, plan_id, step, step_number, agent_type, start_time, parent_log_id)
VALUES ('00000000-0000-0000-0000-000000000081', '00000000-0000-0000-0000-000000000010', 'refinement', 1, 'a', now(),
        '00000000-0000-0000-0000-000000000080');
UPDATE feature_plans
   SET selected_refinement_id = '00000000-0000-0000-0000-000000000020',
       selected_discovery_session_id = '00000000-0000-0000-0000-000000000030',
       selected_plan_generation_id = '00000000-0000-0000-0000-000000000050'
 WHERE id = '00000000-0000-0000-0000-000000000010';
