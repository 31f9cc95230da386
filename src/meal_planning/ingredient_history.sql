-- planwright: the history of an ingredient
WITH RECURSIVE newer AS (
    SELECT i.* FROM ingredients i WHERE i.ingredient_id = $1
    UNION ALL
    SELECT i.* FROM newer n JOIN ingredients i ON i.ingredient_id = n.superseded_by
), older AS (
    SELECT i.* FROM ingredients i WHERE i.superseded_by = $2
    UNION ALL
    SELECT i.* FROM older o JOIN ingredients i ON i.superseded_by = o.ingredient_id
)
SELECT ingredient_id, name, energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g,
       saturated_fat_g, fibre_g, salt_g, water_g, superseded_by, created_at
  FROM (SELECT * FROM older UNION ALL SELECT * FROM newer) both_ways
 ORDER BY ingredient_id
