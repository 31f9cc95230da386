-- planwright: reorder the meals of a day of a draft
WITH given AS (
    SELECT meal_id, position - 1 AS position
      FROM unnest($1) WITH ORDINALITY AS u(meal_id, position)
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
     WHERE p.draft_id = $2 AND p.user_id = $3 AND p.revision = $4
       AND NOT EXISTS (SELECT FROM given
                         FULL JOIN (SELECT o.meal_id, o.day FROM draft_meals o
                                     WHERE o.draft_id = p.draft_id AND o.day = $5) own
                           USING (meal_id)
                        WHERE given.position IS NULL OR own.day IS NULL)
    RETURNING p.draft_id, p.revision
), placed AS (
    UPDATE draft_meals m SET position = given.position FROM d, given
     WHERE m.draft_id = d.draft_id AND m.meal_id = given.meal_id AND m.position <> given.position
)
SELECT revision FROM d
