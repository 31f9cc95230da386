-- planwright: add a line to a section of a draft
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meal_sections g
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND g.draft_id = p.draft_id AND g.section_id = $4
       AND NOT EXISTS (SELECT FROM draft_ingredients o
                        WHERE o.draft_id = p.draft_id AND o.line_id = $5)
    RETURNING p.draft_id, p.revision, g.section_id
), n AS MATERIALIZED (
    SELECT d.*, least($6, (SELECT count(*) FROM draft_ingredients o
                            WHERE o.draft_id = d.draft_id AND o.section_id = d.section_id))::int AS place
      FROM d
), added AS (
    INSERT INTO draft_ingredients
           (draft_id, line_id, section_id, ingredient_id, quantity_g, position)
    SELECT n.draft_id, $7, n.section_id, $8, $9, n.place FROM n
), shifted AS (
    UPDATE draft_ingredients l SET position = l.position + 1 FROM n
     WHERE l.draft_id = n.draft_id AND l.section_id = n.section_id AND l.position >= n.place
)
SELECT revision FROM d
