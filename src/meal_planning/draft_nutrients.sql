-- planwright: what a draft consists of, summed
SELECT n.level, n.day, n.meal_id, n.section_id, n.ingredient_id,
       n.quantity_g, n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g,
       n.saturated_fat_g, n.fibre_g, n.salt_g, n.water_g
  FROM draft_plans p
 CROSS JOIN LATERAL draft_nutrients(p.draft_id) n
  LEFT JOIN draft_meals m ON m.draft_id = p.draft_id AND m.meal_id = n.meal_id
  LEFT JOIN draft_meal_sections s ON s.draft_id = p.draft_id AND s.section_id = n.section_id
 WHERE p.draft_id = $1 AND p.user_id = $2
 ORDER BY n.day, m.position NULLS FIRST, m.meal_id, s.position NULLS FIRST, s.section_id, n.ingredient_id
