-- planwright: update a line of a draft
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_ingredients t
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.line_id = $4
    RETURNING p.draft_id, p.revision, t.line_id
), updated AS (
    UPDATE draft_ingredients l
       SET ingredient_id = coalesce($5, l.ingredient_id), quantity_g = $6
      FROM d
     WHERE l.draft_id = d.draft_id AND l.line_id = d.line_id
)
SELECT revision FROM d
