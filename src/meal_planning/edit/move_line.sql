-- planwright: move a line of a draft
--
-- In its own section, those between the old place and the new one make room. Else those behind the
-- old place close up, and those at and behind the new one make room.
-- Not materialized, the place is counted again for each of them.
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_ingredients t, draft_meal_sections g
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.line_id = $4
       AND g.draft_id = p.draft_id AND g.section_id = $5
    RETURNING p.draft_id, p.revision, t.line_id, t.section_id, t.position, g.section_id AS to_section_id
), n AS MATERIALIZED (
    SELECT d.*, least($6, (SELECT count(*) FROM draft_ingredients o
                            WHERE o.draft_id = d.draft_id AND o.section_id = d.to_section_id
                              AND o.line_id <> d.line_id))::int AS place
      FROM d
), moved AS (
    UPDATE draft_ingredients l
       SET section_id = CASE WHEN l.line_id = n.line_id THEN n.to_section_id ELSE l.section_id END,
           position = CASE WHEN l.line_id = n.line_id THEN n.place
                           WHEN n.section_id = n.to_section_id THEN l.position + sign(n.position - n.place)::int
                           WHEN l.section_id = n.to_section_id THEN l.position + 1
                           ELSE l.position - 1 END
      FROM n
     WHERE l.draft_id = n.draft_id AND l.section_id IN (n.section_id, n.to_section_id)
       AND CASE WHEN n.section_id = n.to_section_id
                THEN l.position BETWEEN least(n.position, n.place) AND greatest(n.position, n.place)
                WHEN l.section_id = n.to_section_id THEN l.position >= n.place
                ELSE l.position >= n.position END
)
SELECT revision FROM d
