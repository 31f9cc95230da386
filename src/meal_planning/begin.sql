-- planwright: begin a draft
--
-- What is copied is of the snapshot; the lock may show a later row of the plan. Then a commit or
-- revert came between: nothing is done, and the caller asks again, holding the lock.
WITH mine AS (
    SELECT draft_id, user_id, plan_id, name, base_version_id, seen_version_number, revision,
           created_at, updated_at
      FROM draft_plans WHERE user_id = $1 AND plan_id = $2
), locked AS (
    SELECT plan_id, name, plan_version_id, activated_at
      FROM active_plans
     WHERE plan_id = $3 AND archived_at IS NULL AND NOT EXISTS (SELECT FROM mine)
       FOR NO KEY UPDATE
), base AS (
    SELECT l.plan_id, coalesce(v.name, l.name) AS name, v.plan_version_id
      FROM locked l
      JOIN active_plans s
        ON s.plan_id = l.plan_id AND s.activated_at IS NOT DISTINCT FROM l.activated_at
     CROSS JOIN (SELECT $4::bigint AS plan_version_id) asked
      LEFT JOIN plan_versions v
        ON v.plan_version_id = coalesce(asked.plan_version_id, l.plan_version_id)
       AND v.plan_id = l.plan_id
     WHERE v.plan_version_id IS NOT DISTINCT FROM coalesce(asked.plan_version_id, l.plan_version_id)
), d AS (
    INSERT INTO draft_plans (user_id, plan_id, name, base_version_id, seen_version_number)
    SELECT $5, b.plan_id, b.name, b.plan_version_id,
           coalesce((SELECT max(n.version_number) FROM plan_versions n WHERE n.plan_id = b.plan_id), 0)
      FROM base b
    ON CONFLICT (user_id, plan_id) DO NOTHING
    RETURNING draft_id, user_id, plan_id, name, base_version_id, seen_version_number, revision,
              created_at, updated_at
), meals AS (
    INSERT INTO draft_meals (draft_id, meal_id, day, name, meal_time, position)
    SELECT d.draft_id, v.meal_id, v.day, v.name, v.meal_time, v.position
      FROM d JOIN meals_in_plan_versions v ON v.plan_version_id = d.base_version_id
), sections AS (
    INSERT INTO draft_meal_sections (draft_id, section_id, meal_id, name, position)
    SELECT d.draft_id, v.section_id, v.meal_id, v.name, v.position
      FROM d JOIN meal_section_versions v ON v.plan_version_id = d.base_version_id
), lines AS (
    INSERT INTO draft_ingredients
           (draft_id, line_id, section_id, ingredient_id, quantity_g, position)
    SELECT d.draft_id, v.line_id, v.section_id, v.ingredient_id, v.quantity_g, v.position
      FROM d JOIN ingredient_versions v ON v.plan_version_id = d.base_version_id
)
SELECT true, d.* FROM d
UNION ALL
SELECT false, mine.* FROM mine
