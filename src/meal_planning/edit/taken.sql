-- planwright: what of some meals stands elsewhere in a draft
SELECT 0, m.meal_id
  FROM draft_meals m
 WHERE m.draft_id = $1 AND $2 AND m.meal_id = ANY ($3)
UNION ALL
SELECT 1, s.section_id
  FROM draft_meal_sections s
 WHERE s.draft_id = $4 AND s.section_id = ANY ($5) AND s.meal_id <> ALL ($6)
UNION ALL
SELECT 2, l.line_id
  FROM draft_ingredients l JOIN draft_meal_sections s USING (draft_id, section_id)
 WHERE l.draft_id = $7 AND l.line_id = ANY ($8) AND s.meal_id <> ALL ($9)
 LIMIT 1
