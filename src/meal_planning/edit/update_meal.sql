-- planwright: update a meal of a draft
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meals t
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.meal_id = $4
    RETURNING p.draft_id, p.revision, t.meal_id
), updated AS (
    UPDATE draft_meals m SET name = $5, meal_time = $6 FROM d
     WHERE m.draft_id = d.draft_id AND m.meal_id = d.meal_id
)
SELECT revision FROM d
