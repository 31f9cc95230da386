-- planwright: all of a draft
SELECT p.name, m.meal_id, m.day, m.name, m.meal_time, s.section_id, s.name,
       l.line_id, l.ingredient_id, l.quantity_g
  FROM draft_plans p
  LEFT JOIN draft_meals m ON m.draft_id = p.draft_id
  LEFT JOIN draft_meal_sections s ON s.draft_id = m.draft_id AND s.meal_id = m.meal_id
  LEFT JOIN draft_ingredients l ON l.draft_id = s.draft_id AND l.section_id = s.section_id
 WHERE p.draft_id = $1 AND p.user_id = $2
 ORDER BY m.day, m.position, m.meal_id, s.position, s.section_id, l.position
