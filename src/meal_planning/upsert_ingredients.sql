-- planwright: upsert ingredients
--
-- A name that somebody else writes meanwhile gives no row: its lock is waited for, and then it is
-- not what this statement sees any more. The caller asks again for those.
WITH input AS (
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
        AS u(name, energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g, saturated_fat_g, fibre_g,
             salt_g, water_g, nth)
), current AS (
    SELECT i.nth, o.ingredient_id,
           (o.energy_kcal, o.protein_g, o.carbohydrate_g, o.sugars_g, o.fat_g, o.saturated_fat_g,
            o.fibre_g, o.salt_g, o.water_g)
           = (i.energy_kcal, i.protein_g, i.carbohydrate_g, i.sugars_g, i.fat_g, i.saturated_fat_g,
              i.fibre_g, i.salt_g, i.water_g) AS same
      FROM input i JOIN ingredients o ON o.name = i.name AND o.superseded_by IS NULL
), held AS (
    -- One order for everybody: who shares names with another waits, and never in a circle.
    SELECT o.ingredient_id
      FROM ingredients o
     WHERE o.ingredient_id IN (SELECT ingredient_id FROM current WHERE NOT same)
       AND o.superseded_by IS NULL
     ORDER BY o.name
       FOR NO KEY UPDATE
), drawn AS (
    SELECT c.nth, c.ingredient_id AS old_id,
           nextval(pg_get_serial_sequence('ingredients', 'ingredient_id')) AS new_id
      FROM held JOIN current c USING (ingredient_id)
), superseded AS (
    -- Before the new rows are inserted, for names are unique at any moment.
    UPDATE ingredients o SET superseded_by = d.new_id FROM drawn d
     WHERE o.ingredient_id = d.old_id
    RETURNING d.nth, d.old_id, d.new_id
), new AS (
    SELECT nth, new_id FROM superseded
    UNION ALL
    SELECT i.nth, nextval(pg_get_serial_sequence('ingredients', 'ingredient_id'))
      FROM input i WHERE NOT EXISTS (SELECT FROM current c WHERE c.nth = i.nth)
), inserted AS (
    INSERT INTO ingredients (ingredient_id, name, energy_kcal, protein_g, carbohydrate_g, sugars_g,
                             fat_g, saturated_fat_g, fibre_g, salt_g, water_g)
    SELECT n.new_id, i.name, i.energy_kcal, i.protein_g, i.carbohydrate_g, i.sugars_g,
           i.fat_g, i.saturated_fat_g, i.fibre_g, i.salt_g, i.water_g
      FROM new n JOIN input i USING (nth)
     ORDER BY i.name
    ON CONFLICT (name) WHERE superseded_by IS NULL DO NOTHING
    RETURNING ingredient_id, name
)
SELECT nth, ingredient_id, false AS is_new, NULL::bigint AS old_id FROM current WHERE same
UNION ALL
SELECT i.nth, n.ingredient_id, true, s.old_id
  FROM inserted n JOIN input i USING (name) LEFT JOIN superseded s USING (nth)
