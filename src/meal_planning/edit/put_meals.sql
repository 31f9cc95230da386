-- planwright: put meals into a draft
--
-- What is there under the meals goes, unless it comes again. A meal that stays in its day keeps its
-- place there; the others come in their order, to one place.
--
-- How many rows are given, no plan that is kept can know; one that takes them for few compares each
-- with each. So these are forms that are always hashed: NOT IN, IN … IS TRUE, FULL JOIN. The length
-- of arrays is hidden, as a set that looks too large is not hashed.
WITH meals AS (
    SELECT * FROM unnest((SELECT $1), (SELECT $2), (SELECT $3), (SELECT $4)) WITH ORDINALITY
        AS u(meal_id, day, name, meal_time, nth)
), sections AS (
    SELECT * FROM unnest((SELECT $5), (SELECT $6), (SELECT $7), (SELECT $8))
        AS u(section_id, meal_id, name, position)
), lines AS (
    SELECT * FROM unnest((SELECT $9), (SELECT $10), (SELECT $11), (SELECT $12), (SELECT $13))
        AS u(line_id, section_id, ingredient_id, quantity_g, position)
), own AS (
    SELECT o.section_id FROM draft_meal_sections o
     WHERE o.draft_id = $14 AND (o.meal_id IN (SELECT meal_id FROM meals)) IS TRUE
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
     WHERE p.draft_id = $15 AND p.user_id = $16 AND p.revision = $17
       -- New ones only.
       AND NOT ($18 AND EXISTS (SELECT FROM draft_meals o
                                 WHERE o.draft_id = p.draft_id
                                   AND (o.meal_id IN (SELECT meal_id FROM meals)) IS TRUE))
       -- Nothing is taken from other meals. OFFSET 0 keeps each a look-up by key.
       AND NOT EXISTS (SELECT FROM sections u
                        WHERE EXISTS (SELECT FROM draft_meal_sections o
                                       WHERE o.draft_id = p.draft_id AND o.section_id = u.section_id
                                         AND o.section_id NOT IN (SELECT section_id FROM own)
                                      OFFSET 0))
       AND NOT EXISTS (SELECT FROM lines u
                        WHERE EXISTS (SELECT FROM draft_ingredients o
                                       WHERE o.draft_id = p.draft_id AND o.line_id = u.line_id
                                         AND o.section_id NOT IN (SELECT section_id FROM own)
                                      OFFSET 0))
    RETURNING p.draft_id, p.revision
), lost_sections AS (
    DELETE FROM draft_meal_sections o USING d
     WHERE o.draft_id = d.draft_id AND (o.section_id IN (SELECT section_id FROM own)) IS TRUE
       AND o.section_id NOT IN (SELECT section_id FROM sections)
), lost_lines AS (
    DELETE FROM draft_ingredients l USING d
     WHERE l.draft_id = d.draft_id AND (l.section_id IN (SELECT section_id FROM own)) IS TRUE
       AND l.line_id NOT IN (SELECT line_id FROM lines)
), both_ways AS (
    SELECT meal_id, coalesce(u.day, o.day) AS day, coalesce(u.name, o.name) AS name,
           coalesce(u.meal_time, o.meal_time) AS meal_time, o.position, u.nth,
           coalesce(o.day = coalesce(u.day, o.day), false) AS stays
      FROM (SELECT m.* FROM d JOIN draft_meals m USING (draft_id)) o FULL JOIN meals u USING (meal_id)
), ranked AS (
    SELECT b.*,
           CASE WHEN stays THEN row_number() OVER (PARTITION BY day, stays ORDER BY position) - 1
                ELSE $19 END AS rank
      FROM both_ways b
), placed AS (
    SELECT r.*, row_number() OVER (PARTITION BY day ORDER BY rank, stays, nth) - 1 AS place
      FROM ranked r
), put_meals AS (
    INSERT INTO draft_meals AS o (draft_id, meal_id, day, name, meal_time, position)
    SELECT d.draft_id, n.meal_id, n.day, n.name, n.meal_time, n.place
      FROM d, placed n WHERE n.nth IS NOT NULL OR n.place <> n.position
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
