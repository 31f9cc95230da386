-- planwright: reorder the sections of a meal of a draft
WITH given AS (
    SELECT section_id, position - 1 AS position
      FROM unnest($1) WITH ORDINALITY AS u(section_id, position)
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meals g
     WHERE p.draft_id = $2 AND p.user_id = $3 AND p.revision = $4
       AND g.draft_id = p.draft_id AND g.meal_id = $5
       AND NOT EXISTS (SELECT FROM given
                         FULL JOIN (SELECT o.section_id, o.meal_id FROM draft_meal_sections o
                                     WHERE o.draft_id = p.draft_id AND o.meal_id = g.meal_id) own
                           USING (section_id)
                        WHERE given.position IS NULL OR own.meal_id IS NULL)
    RETURNING p.draft_id, p.revision
), placed AS (
    UPDATE draft_meal_sections s SET position = given.position FROM d, given
     WHERE s.draft_id = d.draft_id AND s.section_id = given.section_id AND s.position <> given.position
)
SELECT revision FROM d
