-- planwright: move a meal of a draft
--
-- In its own day, those between the old place and the new one make room. Else those behind the
-- old place close up, and those at and behind the new one make room.
-- Not materialized, the place is counted again for each of them.
WITH d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
      FROM draft_meals t
     WHERE p.draft_id = $1 AND p.user_id = $2 AND p.revision = $3
       AND t.draft_id = p.draft_id AND t.meal_id = $4
    RETURNING p.draft_id, p.revision, t.meal_id, t.day, t.position, $5::int AS to_day
), n AS MATERIALIZED (
    SELECT d.*, least($6, (SELECT count(*) FROM draft_meals o
                            WHERE o.draft_id = d.draft_id AND o.day = d.to_day
                              AND o.meal_id <> d.meal_id))::int AS place
      FROM d
), moved AS (
    UPDATE draft_meals m
       SET day = CASE WHEN m.meal_id = n.meal_id THEN n.to_day ELSE m.day END,
           position = CASE WHEN m.meal_id = n.meal_id THEN n.place
                           WHEN n.day = n.to_day THEN m.position + sign(n.position - n.place)::int
                           WHEN m.day = n.to_day THEN m.position + 1
                           ELSE m.position - 1 END
      FROM n
     WHERE m.draft_id = n.draft_id AND m.day IN (n.day, n.to_day)
       AND CASE WHEN n.day = n.to_day
                THEN m.position BETWEEN least(n.position, n.place) AND greatest(n.position, n.place)
                WHEN m.day = n.to_day THEN m.position >= n.place
                ELSE m.position >= n.position END
)
SELECT revision FROM d
