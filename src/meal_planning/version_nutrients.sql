-- planwright: what a version consists of, summed
SELECT n.level, n.day, n.meal_id, n.section_id, n.ingredient_id,
       n.quantity_g, n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g,
       n.saturated_fat_g, n.fibre_g, n.salt_g, n.water_g
  FROM plan_versions p
 CROSS JOIN LATERAL version_nutrients(p.plan_version_id) n
  LEFT JOIN meals_in_plan_versions m ON m.plan_version_id = p.plan_version_id AND m.meal_id = n.meal_id
  LEFT JOIN meal_section_versions s ON s.plan_version_id = p.plan_version_id AND s.section_id = n.section_id
 WHERE p.plan_version_id = $1
 ORDER BY n.day, m.position NULLS FIRST, m.meal_id, s.position NULLS FIRST, s.section_id, n.ingredient_id
