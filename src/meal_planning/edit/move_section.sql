-- planwright: move a section of a draft
--
-- In its own meal, those between the old place and the new one make room. Else those behind the
-- old place close up, and those at and behind the new one make room.
-- Not materialized, the place is counted again for each of them.
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meal_sections t, draft_meals g
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.section_id = $4
       AND g.draft_id = p.draft_id AND g.meal_id = $5
    RETURNING p.draft_id, p.revision, t.section_id, t.meal_id, t.position, g.meal_id AS to_meal_id
), n AS MATERIALIZED (
    SELECT d.*, least($6, (SELECT count(*) FROM draft_meal_sections o
                            WHERE o.draft_id = d.draft_id AND o.meal_id = d.to_meal_id
                              AND o.section_id <> d.section_id))::int AS place
      FROM d
), moved AS (
    UPDATE draft_meal_sections s
       SET meal_id = CASE WHEN s.section_id = n.section_id THEN n.to_meal_id ELSE s.meal_id END,
           position = CASE WHEN s.section_id = n.section_id THEN n.place
                           WHEN n.meal_id = n.to_meal_id THEN s.position + sign(n.position - n.place)::int
                           WHEN s.meal_id = n.to_meal_id THEN s.position + 1
                           ELSE s.position - 1 END
      FROM n
     WHERE s.draft_id = n.draft_id AND s.meal_id IN (n.meal_id, n.to_meal_id)
       AND CASE WHEN n.meal_id = n.to_meal_id
                THEN s.position BETWEEN least(n.position, n.place) AND greatest(n.position, n.place)
                WHEN s.meal_id = n.to_meal_id THEN s.position >= n.place
                ELSE s.position >= n.position END
)
SELECT revision FROM d
