-- What a draft or version consists of, summed: of the plan, and by day, meal, section and ingredient.
--
-- Sums are exact and rounded once, at the end, so those of sections can be summed up to the rest.
-- The lines are asked for section by section: in a join the planner takes a plan for one section, and
-- compares every section with every other. The views sum plan by plan, so that a condition on the
-- key reaches the tables: before PostgreSQL 18 none gets below GROUPING SETS. The functions read the
-- views, so whoever may read those needs nothing of the tables.
--
-- Locks: none that anybody waits for; functions and views are new. Time: milliseconds. Writers need
-- not stop. Reversible: yes.

CREATE VIEW draft_nutrients AS
SELECT plan.draft_id, n.level, n.day, n.meal_id, n.section_id, n.ingredient_id, n.quantity_g,
       n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g, n.saturated_fat_g,
       n.fibre_g, n.salt_g, n.water_g
  FROM draft_plans plan
 CROSS JOIN LATERAL (
    WITH totals AS (
        SELECT CASE grouping(m.day, m.meal_id, o.section_id)
                    WHEN 7 THEN 'plan' WHEN 3 THEN 'day' WHEN 1 THEN 'meal' ELSE 'section'
               END AS level,
               m.day, m.meal_id, o.section_id, NULL::bigint AS ingredient_id,
               sum(s.quantity_g) AS quantity_g, sum(s.energy_kcal) AS energy_kcal,
               sum(s.protein_g) AS protein_g, sum(s.carbohydrate_g) AS carbohydrate_g,
               sum(s.sugars_g) AS sugars_g, sum(s.fat_g) AS fat_g,
               sum(s.saturated_fat_g) AS saturated_fat_g, sum(s.fibre_g) AS fibre_g,
               sum(s.salt_g) AS salt_g, sum(s.water_g) AS water_g
          FROM draft_meals m
          LEFT JOIN draft_meal_sections o
            ON o.draft_id = m.draft_id AND o.meal_id = m.meal_id
          LEFT JOIN LATERAL (
            SELECT sum(l.quantity_g) AS quantity_g,
                   sum(l.quantity_g * i.energy_kcal) AS energy_kcal,
                   sum(l.quantity_g * i.protein_g) AS protein_g,
                   sum(l.quantity_g * i.carbohydrate_g) AS carbohydrate_g,
                   sum(l.quantity_g * i.sugars_g) AS sugars_g, sum(l.quantity_g * i.fat_g) AS fat_g,
                   sum(l.quantity_g * i.saturated_fat_g) AS saturated_fat_g,
                   sum(l.quantity_g * i.fibre_g) AS fibre_g, sum(l.quantity_g * i.salt_g) AS salt_g,
                   sum(l.quantity_g * i.water_g) AS water_g
              FROM draft_ingredients l JOIN ingredients i ON i.ingredient_id = l.ingredient_id
             WHERE l.draft_id = o.draft_id AND l.section_id = o.section_id
          ) s ON true
         WHERE m.draft_id = plan.draft_id
         GROUP BY ROLLUP (m.day, m.meal_id, o.section_id)
        -- A NULL is no section. Of no meals there is the sum of the plan.
        HAVING grouping(o.section_id) = 1 OR o.section_id IS NOT NULL
        UNION ALL
        SELECT 'ingredient' AS level, NULL AS day, NULL AS meal_id, NULL AS section_id,
               l.ingredient_id, l.quantity_g,
               l.quantity_g * i.energy_kcal, l.quantity_g * i.protein_g,
               l.quantity_g * i.carbohydrate_g, l.quantity_g * i.sugars_g, l.quantity_g * i.fat_g,
               l.quantity_g * i.saturated_fat_g, l.quantity_g * i.fibre_g, l.quantity_g * i.salt_g,
               l.quantity_g * i.water_g
          FROM (SELECT ingredient_id, sum(quantity_g) AS quantity_g FROM draft_ingredients
                 WHERE draft_id = plan.draft_id
                 GROUP BY ingredient_id) l
          JOIN ingredients i ON i.ingredient_id = l.ingredient_id
    )
    -- Values are per 100 g. A division would round, which this does not.
    SELECT t.level, t.day, t.meal_id, t.section_id, t.ingredient_id,
           round(coalesce(t.quantity_g, 0), 3), round(coalesce(t.energy_kcal, 0) * 0.01, 3),
           round(coalesce(t.protein_g, 0) * 0.01, 3),
           round(coalesce(t.carbohydrate_g, 0) * 0.01, 3), round(coalesce(t.sugars_g, 0) * 0.01, 3),
           round(coalesce(t.fat_g, 0) * 0.01, 3), round(coalesce(t.saturated_fat_g, 0) * 0.01, 3),
           round(coalesce(t.fibre_g, 0) * 0.01, 3), round(coalesce(t.salt_g, 0) * 0.01, 3),
           round(coalesce(t.water_g, 0) * 0.01, 3)
      FROM totals t
 ) n (level, day, meal_id, section_id, ingredient_id, quantity_g, energy_kcal, protein_g,
      carbohydrate_g, sugars_g, fat_g, saturated_fat_g, fibre_g, salt_g, water_g);

CREATE VIEW version_nutrients AS
SELECT plan.plan_version_id, n.level, n.day, n.meal_id, n.section_id, n.ingredient_id, n.quantity_g,
       n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g, n.saturated_fat_g,
       n.fibre_g, n.salt_g, n.water_g
  FROM plan_versions plan
 CROSS JOIN LATERAL (
    WITH totals AS (
        SELECT CASE grouping(m.day, m.meal_id, o.section_id)
                    WHEN 7 THEN 'plan' WHEN 3 THEN 'day' WHEN 1 THEN 'meal' ELSE 'section'
               END AS level,
               m.day, m.meal_id, o.section_id, NULL::bigint AS ingredient_id,
               sum(s.quantity_g) AS quantity_g, sum(s.energy_kcal) AS energy_kcal,
               sum(s.protein_g) AS protein_g, sum(s.carbohydrate_g) AS carbohydrate_g,
               sum(s.sugars_g) AS sugars_g, sum(s.fat_g) AS fat_g,
               sum(s.saturated_fat_g) AS saturated_fat_g, sum(s.fibre_g) AS fibre_g,
               sum(s.salt_g) AS salt_g, sum(s.water_g) AS water_g
          FROM meals_in_plan_versions m
          LEFT JOIN meal_section_versions o
            ON o.plan_version_id = m.plan_version_id AND o.meal_id = m.meal_id
          LEFT JOIN LATERAL (
            SELECT sum(l.quantity_g) AS quantity_g,
                   sum(l.quantity_g * i.energy_kcal) AS energy_kcal,
                   sum(l.quantity_g * i.protein_g) AS protein_g,
                   sum(l.quantity_g * i.carbohydrate_g) AS carbohydrate_g,
                   sum(l.quantity_g * i.sugars_g) AS sugars_g, sum(l.quantity_g * i.fat_g) AS fat_g,
                   sum(l.quantity_g * i.saturated_fat_g) AS saturated_fat_g,
                   sum(l.quantity_g * i.fibre_g) AS fibre_g, sum(l.quantity_g * i.salt_g) AS salt_g,
                   sum(l.quantity_g * i.water_g) AS water_g
              FROM ingredient_versions l JOIN ingredients i ON i.ingredient_id = l.ingredient_id
             WHERE l.plan_version_id = o.plan_version_id AND l.section_id = o.section_id
          ) s ON true
         WHERE m.plan_version_id = plan.plan_version_id
         GROUP BY ROLLUP (m.day, m.meal_id, o.section_id)
        -- A NULL is no section. Of no meals there is the sum of the plan.
        HAVING grouping(o.section_id) = 1 OR o.section_id IS NOT NULL
        UNION ALL
        SELECT 'ingredient' AS level, NULL AS day, NULL AS meal_id, NULL AS section_id,
               l.ingredient_id, l.quantity_g,
               l.quantity_g * i.energy_kcal, l.quantity_g * i.protein_g,
               l.quantity_g * i.carbohydrate_g, l.quantity_g * i.sugars_g, l.quantity_g * i.fat_g,
               l.quantity_g * i.saturated_fat_g, l.quantity_g * i.fibre_g, l.quantity_g * i.salt_g,
               l.quantity_g * i.water_g
          FROM (SELECT ingredient_id, sum(quantity_g) AS quantity_g FROM ingredient_versions
                 WHERE plan_version_id = plan.plan_version_id
                 GROUP BY ingredient_id) l
          JOIN ingredients i ON i.ingredient_id = l.ingredient_id
    )
    -- Values are per 100 g. A division would round, which this does not.
    SELECT t.level, t.day, t.meal_id, t.section_id, t.ingredient_id,
           round(coalesce(t.quantity_g, 0), 3), round(coalesce(t.energy_kcal, 0) * 0.01, 3),
           round(coalesce(t.protein_g, 0) * 0.01, 3),
           round(coalesce(t.carbohydrate_g, 0) * 0.01, 3), round(coalesce(t.sugars_g, 0) * 0.01, 3),
           round(coalesce(t.fat_g, 0) * 0.01, 3), round(coalesce(t.saturated_fat_g, 0) * 0.01, 3),
           round(coalesce(t.fibre_g, 0) * 0.01, 3), round(coalesce(t.salt_g, 0) * 0.01, 3),
           round(coalesce(t.water_g, 0) * 0.01, 3)
      FROM totals t
 ) n (level, day, meal_id, section_id, ingredient_id, quantity_g, energy_kcal, protein_g,
      carbohydrate_g, sugars_g, fat_g, saturated_fat_g, fibre_g, salt_g, water_g);

CREATE FUNCTION draft_nutrients(draft_id bigint) RETURNS TABLE (
    level text, day integer, meal_id uuid, section_id uuid, ingredient_id bigint,
    quantity_g numeric, energy_kcal numeric, protein_g numeric, carbohydrate_g numeric,
    sugars_g numeric, fat_g numeric, saturated_fat_g numeric, fibre_g numeric, salt_g numeric,
    water_g numeric
) LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
    SELECT n.level, n.day, n.meal_id, n.section_id, n.ingredient_id, n.quantity_g,
           n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g, n.saturated_fat_g,
           n.fibre_g, n.salt_g, n.water_g
      FROM draft_nutrients n WHERE n.draft_id = draft_nutrients.draft_id;
END;

CREATE FUNCTION version_nutrients(plan_version_id bigint) RETURNS TABLE (
    level text, day integer, meal_id uuid, section_id uuid, ingredient_id bigint,
    quantity_g numeric, energy_kcal numeric, protein_g numeric, carbohydrate_g numeric,
    sugars_g numeric, fat_g numeric, saturated_fat_g numeric, fibre_g numeric, salt_g numeric,
    water_g numeric
) LANGUAGE sql STABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
    SELECT n.level, n.day, n.meal_id, n.section_id, n.ingredient_id, n.quantity_g,
           n.energy_kcal, n.protein_g, n.carbohydrate_g, n.sugars_g, n.fat_g, n.saturated_fat_g,
           n.fibre_g, n.salt_g, n.water_g
      FROM version_nutrients n WHERE n.plan_version_id = version_nutrients.plan_version_id;
END;

COMMENT ON FUNCTION draft_nutrients(bigint) IS 'What a draft consists of, summed. No row where there is no such draft';
COMMENT ON VIEW draft_nutrients IS 'What each draft consists of, summed: a row for the plan, each day, meal and section, and each ingredient over the whole plan';
COMMENT ON COLUMN draft_nutrients.draft_id IS 'The draft';
COMMENT ON COLUMN draft_nutrients.level IS 'Of what it is the sum: plan, day, meal, section, or ingredient, which is of the whole plan';
COMMENT ON COLUMN draft_nutrients.day IS 'The day of the plan, from 0, of a day, meal or section. NULL in the others';
COMMENT ON COLUMN draft_nutrients.meal_id IS 'The meal, of a meal or section. NULL in the others';
COMMENT ON COLUMN draft_nutrients.section_id IS 'The section, of a section. NULL in the others';
COMMENT ON COLUMN draft_nutrients.ingredient_id IS 'The ingredient, of an ingredient. NULL in the others';
COMMENT ON COLUMN draft_nutrients.quantity_g IS 'How much of all ingredients together, in g';
COMMENT ON COLUMN draft_nutrients.energy_kcal IS 'Energy, in kcal; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.protein_g IS 'Protein, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.carbohydrate_g IS 'Carbohydrate, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.sugars_g IS 'Of the carbohydrate, sugars, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.fat_g IS 'Fat, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.saturated_fat_g IS 'Of the fat, saturated fatty acids, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.fibre_g IS 'Dietary fibre, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.salt_g IS 'Salt, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN draft_nutrients.water_g IS 'Water, in g; rounded once, to 3 places, half away from zero';

COMMENT ON FUNCTION version_nutrients(bigint) IS 'What a version consists of, summed. No row where there is no such version';
COMMENT ON VIEW version_nutrients IS 'What each version consists of, summed: a row for the plan, each day, meal and section, and each ingredient over the whole plan';
COMMENT ON COLUMN version_nutrients.plan_version_id IS 'The version';
COMMENT ON COLUMN version_nutrients.level IS 'Of what it is the sum: plan, day, meal, section, or ingredient, which is of the whole plan';
COMMENT ON COLUMN version_nutrients.day IS 'The day of the plan, from 0, of a day, meal or section. NULL in the others';
COMMENT ON COLUMN version_nutrients.meal_id IS 'The meal, of a meal or section. NULL in the others';
COMMENT ON COLUMN version_nutrients.section_id IS 'The section, of a section. NULL in the others';
COMMENT ON COLUMN version_nutrients.ingredient_id IS 'The ingredient, of an ingredient. NULL in the others';
COMMENT ON COLUMN version_nutrients.quantity_g IS 'How much of all ingredients together, in g';
COMMENT ON COLUMN version_nutrients.energy_kcal IS 'Energy, in kcal; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.protein_g IS 'Protein, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.carbohydrate_g IS 'Carbohydrate, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.sugars_g IS 'Of the carbohydrate, sugars, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.fat_g IS 'Fat, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.saturated_fat_g IS 'Of the fat, saturated fatty acids, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.fibre_g IS 'Dietary fibre, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.salt_g IS 'Salt, in g; rounded once, to 3 places, half away from zero';
COMMENT ON COLUMN version_nutrients.water_g IS 'Water, in g; rounded once, to 3 places, half away from zero';
