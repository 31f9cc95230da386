-- planwright: remove a section of a draft
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meal_sections t
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.section_id = $4
    RETURNING p.draft_id, p.revision, t.section_id, t.meal_id, t.position
), removed AS (
    DELETE FROM draft_meal_sections s USING d WHERE s.draft_id = d.draft_id AND s.section_id = d.section_id
), shifted AS (
    UPDATE draft_meal_sections s SET position = s.position - 1 FROM d
     WHERE s.draft_id = d.draft_id AND s.meal_id = d.meal_id AND s.position > d.position
)
SELECT revision FROM d
