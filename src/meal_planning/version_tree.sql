-- planwright: all of a version
SELECT p.name, m.meal_id, m.day, m.name, m.meal_time, s.section_id, s.name,
       l.line_id, l.ingredient_id, l.quantity_g
  FROM plan_versions p
  LEFT JOIN meals_in_plan_versions m ON m.plan_version_id = p.plan_version_id
  LEFT JOIN meal_section_versions s ON s.plan_version_id = m.plan_version_id AND s.meal_id = m.meal_id
  LEFT JOIN ingredient_versions l ON l.plan_version_id = s.plan_version_id AND l.section_id = s.section_id
 WHERE p.plan_version_id = $1
 ORDER BY m.day, m.position, m.meal_id, s.position, s.section_id, l.position
