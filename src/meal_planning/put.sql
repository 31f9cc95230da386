-- planwright: put all of a draft
--
-- One statement, for places are checked at its end: what goes and what comes may swap them. It may
-- wait for another change of the draft; that one has raised the revision, so then d is empty and
-- nothing is done.
WITH d AS (
    UPDATE draft_plans
       SET name = $1, base_version_id = coalesce($2, base_version_id),
           seen_version_number = coalesce($3, seen_version_number),
           revision = revision + 1, updated_at = now()
     WHERE draft_id = $4 AND user_id = $5 AND revision = $6
    RETURNING draft_id, revision
), meals AS (
    SELECT * FROM unnest($7, $8, $9, $10, $11) AS u(meal_id, day, name, meal_time, position)
), sections AS (
    SELECT * FROM unnest($12, $13, $14, $15) AS u(section_id, meal_id, name, position)
), lines AS (
    SELECT * FROM unnest($16, $17, $18, $19, $20)
        AS u(line_id, section_id, ingredient_id, quantity_g, position)
), lost_meals AS (
    DELETE FROM draft_meals o USING d
     WHERE o.draft_id = d.draft_id
       AND NOT EXISTS (SELECT FROM meals u WHERE u.meal_id = o.meal_id)
), lost_sections AS (
    DELETE FROM draft_meal_sections o USING d
     WHERE o.draft_id = d.draft_id
       AND NOT EXISTS (SELECT FROM sections u WHERE u.section_id = o.section_id)
), lost_lines AS (
    DELETE FROM draft_ingredients o USING d
     WHERE o.draft_id = d.draft_id
       AND NOT EXISTS (SELECT FROM lines u WHERE u.line_id = o.line_id)
), put_meals AS (
    INSERT INTO draft_meals AS o (draft_id, meal_id, day, name, meal_time, position)
    SELECT d.draft_id, u.* FROM d, meals u
    ON CONFLICT (draft_id, meal_id) DO UPDATE
       SET day = excluded.day, name = excluded.name, meal_time = excluded.meal_time,
           position = excluded.position
     WHERE (o.day, o.name, o.meal_time, o.position)
           <> (excluded.day, excluded.name, excluded.meal_time, excluded.position)
), put_sections AS (
    INSERT INTO draft_meal_sections AS o (draft_id, section_id, meal_id, name, position)
    SELECT d.draft_id, u.* FROM d, sections u
    ON CONFLICT (draft_id, section_id) DO UPDATE
       SET meal_id = excluded.meal_id, name = excluded.name, position = excluded.position
     WHERE (o.meal_id, o.name, o.position)
           IS DISTINCT FROM (excluded.meal_id, excluded.name, excluded.position)
), put_lines AS (
    INSERT INTO draft_ingredients AS o
           (draft_id, line_id, section_id, ingredient_id, quantity_g, position)
    SELECT d.draft_id, u.* FROM d, lines u
    ON CONFLICT (draft_id, line_id) DO UPDATE
       SET section_id = excluded.section_id, ingredient_id = excluded.ingredient_id,
           quantity_g = excluded.quantity_g, position = excluded.position
     WHERE (o.section_id, o.ingredient_id, o.quantity_g, o.position)
           <> (excluded.section_id, excluded.ingredient_id, excluded.quantity_g, excluded.position)
)
SELECT revision FROM d
