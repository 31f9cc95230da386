-- planwright: create a meal plan
WITH p AS (
    INSERT INTO plans (user_id, name) VALUES ($1, $2) RETURNING plan_id, user_id, name
), a AS (
    INSERT INTO active_plans (plan_id, user_id, name) SELECT plan_id, user_id, name FROM p
    RETURNING plan_id, user_id, name, plan_version_id, activated_at, archived_at
), d AS (
    INSERT INTO draft_plans (user_id, plan_id, name) SELECT user_id, plan_id, name FROM p
    RETURNING draft_id, user_id, plan_id, name, base_version_id, seen_version_number, revision,
              created_at, updated_at
)
SELECT * FROM a, d
