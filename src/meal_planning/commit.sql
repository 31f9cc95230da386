-- planwright: commit a draft
--
-- Each level is copied by the draft's key, without any mapping of keys. Deleting the draft deletes
-- its tree at the end of the statement.
WITH d AS (
    SELECT d.plan_id, d.user_id, d.name, d.base_version_id, b.version_number AS base_version_number
      FROM draft_plans d
      LEFT JOIN plan_versions b ON b.plan_version_id = d.base_version_id
     WHERE d.draft_id = $1
), v AS (
    INSERT INTO plan_versions (plan_id, version_number, name, base_version_id, base_version_number,
                               author_id, message, label, content_digest)
    SELECT d.plan_id, $2, d.name, d.base_version_id, d.base_version_number, d.user_id, $3, $4, $5
      FROM d
    RETURNING plan_version_id, plan_id, version_number, name, base_version_id, base_version_number,
              author_id, message, label, content_digest, created_at
), meals AS (
    INSERT INTO meals_in_plan_versions (plan_version_id, meal_id, day, name, meal_time, position)
    SELECT v.plan_version_id, m.meal_id, m.day, m.name, m.meal_time, m.position
      FROM v, draft_meals m WHERE m.draft_id = $6
), sections AS (
    INSERT INTO meal_section_versions (plan_version_id, section_id, meal_id, name, position)
    SELECT v.plan_version_id, s.section_id, s.meal_id, s.name, s.position
      FROM v, draft_meal_sections s WHERE s.draft_id = $7
), lines AS (
    INSERT INTO ingredient_versions (plan_version_id, line_id, section_id, ingredient_id, quantity_g,
                                     position)
    SELECT v.plan_version_id, l.line_id, l.section_id, l.ingredient_id, l.quantity_g, l.position
      FROM v, draft_ingredients l WHERE l.draft_id = $8
), a AS (
    -- Behind the plan's lock, so later than any activation before it.
    UPDATE active_plans a
       SET name = v.name, plan_version_id = v.plan_version_id,
           activated_at = greatest(clock_timestamp(), a.activated_at + interval '1 microsecond')
      FROM v WHERE a.plan_id = v.plan_id
    RETURNING a.plan_id, a.activated_at
), logged AS (
    INSERT INTO plan_activations (plan_id, plan_version_id, version_number, activated_at,
                                  activated_by, cause, reason)
    SELECT v.plan_id, v.plan_version_id, v.version_number, a.activated_at, v.author_id, 'commit',
           v.message
      FROM v JOIN a USING (plan_id)
), gone AS (
    DELETE FROM draft_plans WHERE draft_id = $9
)
SELECT * FROM v
