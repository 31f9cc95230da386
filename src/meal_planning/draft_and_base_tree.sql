-- planwright: all of a draft and of its base
SELECT false AS is_base, p.name, m.meal_id, m.day, m.name, m.meal_time, s.section_id, s.name,
       l.line_id, l.ingredient_id, l.quantity_g, m.position, s.position, l.position
  FROM draft_plans p
  LEFT JOIN draft_meals m ON m.draft_id = p.draft_id
  LEFT JOIN draft_meal_sections s ON s.draft_id = m.draft_id AND s.meal_id = m.meal_id
  LEFT JOIN draft_ingredients l ON l.draft_id = s.draft_id AND l.section_id = s.section_id
 WHERE p.draft_id = $1 AND p.user_id = $2
UNION ALL
SELECT true, p.name, m.meal_id, m.day, m.name, m.meal_time, s.section_id, s.name,
       l.line_id, l.ingredient_id, l.quantity_g, m.position, s.position, l.position
  FROM draft_plans d
  JOIN plan_versions p ON p.plan_version_id = d.base_version_id
  LEFT JOIN meals_in_plan_versions m ON m.plan_version_id = p.plan_version_id
  LEFT JOIN meal_section_versions s ON s.plan_version_id = m.plan_version_id AND s.meal_id = m.meal_id
  LEFT JOIN ingredient_versions l ON l.plan_version_id = s.plan_version_id AND l.section_id = s.section_id
 WHERE d.draft_id = $3 AND d.user_id = $4
 ORDER BY 1, 4, 12, 3, 13, 7, 14
