-- planwright: move the lines of a draft to current ingredients
--
-- What supersedes a row has a higher key, so the highest key of a chain is its end.
WITH RECURSIVE chain AS (
    SELECT i.ingredient_id AS old, i.superseded_by AS new
      FROM (SELECT DISTINCT ingredient_id FROM draft_ingredients WHERE draft_id = $1) l
      JOIN ingredients i USING (ingredient_id)
     WHERE i.superseded_by IS NOT NULL
    UNION ALL
    SELECT c.old, i.superseded_by
      FROM chain c JOIN ingredients i ON i.ingredient_id = c.new
     WHERE i.superseded_by IS NOT NULL
), current AS (
    SELECT old, max(new) AS new FROM chain GROUP BY old
), d AS (
    UPDATE draft_plans p SET revision = p.revision + 1, updated_at = now()
     WHERE p.draft_id = $2 AND p.user_id = $3 AND p.revision = $4
       AND EXISTS (SELECT FROM current)
    RETURNING p.draft_id, p.revision
), moved AS (
    UPDATE draft_ingredients l SET ingredient_id = c.new FROM d, current c
     WHERE l.draft_id = d.draft_id AND l.ingredient_id = c.old
    RETURNING 1
)
SELECT d.revision, (SELECT count(*) FROM moved) FROM d
