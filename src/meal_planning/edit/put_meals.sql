-- planwright: put meals into a draft
--
-- What is there under the meals goes, unless it comes again. A meal that stays in its day keeps its
-- place there; the others come in their order, to one place.
WITH meals AS (
    SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS u(meal_id, day, name, meal_time, nth)
), sections AS (
    SELECT * FROM unnest($5, $6, $7, $8) AS u(section_id, meal_id, name, position)
), lines AS (
    SELECT * FROM unnest($9, $10, $11, $12, $13)
        AS u(line_id, section_id, ingredient_id, quantity_g, position)
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
     WHERE p.draft_id = $14 AND p.user_id = $15 AND p.revision = $16
       -- New ones only.
       AND NOT ($17 AND EXISTS (SELECT FROM draft_meals o JOIN meals USING (meal_id)
                                 WHERE o.draft_id = p.draft_id))
       -- Nothing is taken from other meals.
       AND NOT EXISTS (SELECT FROM draft_meal_sections o JOIN sections u USING (section_id)
                        WHERE o.draft_id = p.draft_id
                          AND o.meal_id NOT IN (SELECT meal_id FROM meals))
       AND NOT EXISTS (SELECT FROM draft_ingredients l JOIN lines u USING (line_id)
                         JOIN draft_meal_sections o USING (draft_id)
                        WHERE l.draft_id = p.draft_id AND o.section_id = l.section_id
                          AND o.meal_id NOT IN (SELECT meal_id FROM meals))
    RETURNING p.draft_id, p.revision
), lost_sections AS (
    DELETE FROM draft_meal_sections o USING d
     WHERE o.draft_id = d.draft_id AND o.meal_id IN (SELECT meal_id FROM meals)
       AND NOT EXISTS (SELECT FROM sections u WHERE u.section_id = o.section_id)
), lost_lines AS (
    DELETE FROM draft_ingredients l USING d, draft_meal_sections o
     WHERE l.draft_id = d.draft_id AND o.draft_id = d.draft_id AND o.section_id = l.section_id
       AND o.meal_id IN (SELECT meal_id FROM meals)
       AND NOT EXISTS (SELECT FROM lines u WHERE u.line_id = l.line_id)
), stay AS (
    SELECT o.meal_id, o.day, row_number() OVER (PARTITION BY o.day ORDER BY o.position) - 1 AS rank
      FROM d JOIN draft_meals o USING (draft_id) LEFT JOIN meals u USING (meal_id)
     WHERE u.meal_id IS NULL OR u.day = o.day
), come AS (
    SELECT u.meal_id, u.day, u.nth, $18::bigint AS rank
      FROM d, meals u WHERE NOT EXISTS (SELECT FROM stay WHERE stay.meal_id = u.meal_id)
), placed AS (
    SELECT meal_id, day, row_number() OVER (PARTITION BY day ORDER BY rank, behind, nth) - 1 AS position
      FROM (SELECT meal_id, day, rank, 1 AS behind, 0 AS nth FROM stay
            UNION ALL
            SELECT meal_id, day, rank, 0, nth FROM come) x
), put_meals AS (
    INSERT INTO draft_meals AS o (draft_id, meal_id, day, name, meal_time, position)
    SELECT d.draft_id, u.meal_id, u.day, u.name, u.meal_time, n.position
      FROM d, meals u JOIN placed n USING (meal_id)
    ON CONFLICT (draft_id, meal_id) DO UPDATE
       SET day = excluded.day, name = excluded.name, meal_time = excluded.meal_time,
           position = excluded.position
     WHERE (o.day, o.name, o.meal_time, o.position)
           <> (excluded.day, excluded.name, excluded.meal_time, excluded.position)
), shifted AS (
    UPDATE draft_meals o SET position = n.position FROM d, placed n
     WHERE o.draft_id = d.draft_id AND o.meal_id = n.meal_id AND o.position <> n.position
       AND NOT EXISTS (SELECT FROM meals u WHERE u.meal_id = o.meal_id)
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
