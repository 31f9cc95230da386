-- planwright: add a section to a meal of a draft
WITH lines AS (
    SELECT * FROM unnest($1, $2, $3, $4) AS u(line_id, ingredient_id, quantity_g, position)
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meals g
     WHERE p.draft_id = $5 AND p.user_id = $6 AND p.revision = $7
       AND g.draft_id = p.draft_id AND g.meal_id = $8
       AND NOT EXISTS (SELECT FROM draft_meal_sections o
                        WHERE o.draft_id = p.draft_id AND o.section_id = $9)
       AND NOT EXISTS (SELECT FROM lines u
                        -- OFFSET 0 keeps this a look-up by key, however many the lines are.
                        WHERE EXISTS (SELECT FROM draft_ingredients o
                                       WHERE o.draft_id = p.draft_id AND o.line_id = u.line_id
                                      OFFSET 0))
    RETURNING p.draft_id, p.revision, g.meal_id
), n AS MATERIALIZED (
    SELECT d.*, $10::uuid AS section_id,
           least($11, (SELECT count(*) FROM draft_meal_sections o
                        WHERE o.draft_id = d.draft_id AND o.meal_id = d.meal_id))::int AS place
      FROM d
), added AS (
    INSERT INTO draft_meal_sections (draft_id, section_id, meal_id, name, position)
    SELECT n.draft_id, n.section_id, n.meal_id, $12, n.place FROM n
), shifted AS (
    UPDATE draft_meal_sections s SET position = s.position + 1 FROM n
     WHERE s.draft_id = n.draft_id AND s.meal_id = n.meal_id AND s.position >= n.place
), added_lines AS (
    INSERT INTO draft_ingredients
           (draft_id, line_id, section_id, ingredient_id, quantity_g, position)
    SELECT n.draft_id, u.line_id, n.section_id, u.ingredient_id, u.quantity_g, u.position
      FROM n, lines u
)
SELECT revision FROM d
