-- planwright: reorder the lines of a section of a draft
WITH given AS (
    SELECT line_id, position - 1 AS position
      FROM unnest($1) WITH ORDINALITY AS u(line_id, position)
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meal_sections g
     WHERE p.draft_id = $2 AND p.user_id = $3 AND p.revision = $4
       AND g.draft_id = p.draft_id AND g.section_id = $5
       AND NOT EXISTS (SELECT FROM given
                         FULL JOIN (SELECT o.line_id, o.section_id FROM draft_ingredients o
                                     WHERE o.draft_id = p.draft_id AND o.section_id = g.section_id) own
                           USING (line_id)
                        WHERE given.position IS NULL OR own.section_id IS NULL)
    RETURNING p.draft_id, p.revision
), placed AS (
    UPDATE draft_ingredients l SET position = given.position FROM d, given
     WHERE l.draft_id = d.draft_id AND l.line_id = given.line_id AND l.position <> given.position
)
SELECT revision FROM d
