-- planwright: upsert ingredients
--
-- A name that somebody else writes meanwhile gives no row: its lock is waited for, and then it is
-- not what this statement sees any more. The caller asks again for those.
--
-- Nothing here joins the input with itself: a plan that takes it for short would compare each row
-- with each. NOT IN and IN … IS TRUE are always hashed, as the length of arrays is hidden.
WITH input AS (
    SELECT * FROM unnest((SELECT $1), (SELECT $2), (SELECT $3), (SELECT $4), (SELECT $5), (SELECT $6),
                         (SELECT $7), (SELECT $8), (SELECT $9), (SELECT $10)) WITH ORDINALITY
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
    SELECT i.*, o.ingredient_id AS old_id
      FROM input i JOIN ingredients o ON o.name = i.name AND o.superseded_by IS NULL
     WHERE (i.nth IN (SELECT nth FROM current WHERE NOT same)) IS TRUE
     ORDER BY o.name
       FOR NO KEY UPDATE OF o
), drawn AS (
    SELECT h.*, nextval(pg_get_serial_sequence('ingredients', 'ingredient_id')) AS new_id FROM held h
), superseded AS (
    -- Before the new rows are inserted, for names are unique at any moment.
    UPDATE ingredients o SET superseded_by = d.new_id FROM drawn d
     WHERE o.ingredient_id = d.old_id
    RETURNING d.*
), new AS (
    SELECT * FROM superseded
    UNION ALL
    SELECT i.*, NULL, nextval(pg_get_serial_sequence('ingredients', 'ingredient_id'))
      FROM input i WHERE i.nth NOT IN (SELECT nth FROM current)
), inserted AS (
    INSERT INTO ingredients (ingredient_id, name, energy_kcal, protein_g, carbohydrate_g, sugars_g,
                             fat_g, saturated_fat_g, fibre_g, salt_g, water_g)
    SELECT new_id, name, energy_kcal, protein_g, carbohydrate_g, sugars_g, fat_g, saturated_fat_g,
           fibre_g, salt_g, water_g
      FROM new
     ORDER BY name
    ON CONFLICT (name) WHERE superseded_by IS NULL DO NOTHING
    RETURNING ingredient_id
)
SELECT nth, ingredient_id, false AS is_new, NULL::bigint AS old_id FROM current WHERE same
UNION ALL
SELECT nth, new_id, true, old_id
  FROM new WHERE (new_id IN (SELECT ingredient_id FROM inserted)) IS TRUE
