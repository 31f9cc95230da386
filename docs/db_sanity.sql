-- What must hold in the data: psql -X -f db_sanity.sql. Reads only, also on a standby. Ends with an
-- error, and psql with exit code 3, where a rule is broken that is more than a warning.
\set ON_ERROR_STOP on
\set QUIET on
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = public;
\set broken 0
\set applied ''
SELECT to_regclass('planwright.migrations') IS NOT NULL AS history \gset
\if :history
SELECT coalesce(string_agg(version, ' '), '') AS applied FROM planwright.migrations \gset
\endif

-- plan_property_id_scenario_id_uq
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('property %s, scenario %s', property_id, scenario_id) AS violator
           FROM plan GROUP BY property_id, scenario_id HAVING count(*) > 1
) v \gset
\echo :mark plan_property_id_scenario_id_uq: 'a property has one plan under a scenario'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_property_id_scenario_id_uq: waits for migration 20261120000100
\endif

-- plan_scenario_id_fkey
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', p.id) AS violator FROM plan p
          WHERE NOT EXISTS (SELECT FROM scenario s WHERE s.id = p.scenario_id)
) v \gset
\echo :mark plan_scenario_id_fkey: 'a plan''s scenario exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_scenario_id_fkey: waits for migration 20261120000100
\endif

-- plan_post_epc_band_check
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', id) AS violator FROM plan
          WHERE post_epc_band NOT IN ('A', 'B', 'C', 'D', 'E', 'F', 'G')
) v \gset
\echo :mark plan_post_epc_band_check: 'an EPC band is a letter from A to G'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_post_epc_band_check: waits for migration 20261120000100
\endif

-- plan_contingency_cost_check
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', id) AS violator FROM plan WHERE contingency_cost < 0
) v \gset
\echo :mark plan_contingency_cost_check: 'a plan''s contingency is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_contingency_cost_check: waits for migration 20261120000100
\endif

-- recommendation_estimated_cost_check
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('recommendation %s', id) AS violator FROM recommendation
          WHERE estimated_cost < 0
) v \gset
\echo :mark recommendation_estimated_cost_check: 'a measure''s cost is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] recommendation_estimated_cost_check: waits for migration 20261120000100
\endif

-- recommendation_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120000300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('recommendation %s', r.id) AS violator FROM recommendation r
          WHERE r.plan_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM plan p WHERE p.id = r.plan_id)
) v \gset
\echo :mark recommendation_plan_id_fk: 'a measure''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] recommendation_plan_id_fk: waits for migration 20261120000300
\endif

-- recommendation_plan_id_position_uq
SELECT NOT :'history'::boolean OR '20261120000300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s, position %s', plan_id, position) AS violator FROM recommendation
          WHERE plan_id IS NOT NULL AND position IS NOT NULL
          GROUP BY plan_id, position HAVING count(*) > 1
) v \gset
\echo :mark recommendation_plan_id_position_uq: 'the measures of a plan have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] recommendation_plan_id_position_uq: waits for migration 20261120000300
\endif

-- scenario_portfolio_id_uq
SELECT NOT :'history'::boolean OR '20261120000100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('portfolio %s', portfolio_id) AS violator FROM scenario WHERE is_default
          GROUP BY portfolio_id HAVING count(*) > 1
) v \gset
\echo :mark scenario_portfolio_id_uq: 'a portfolio shows one scenario first'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] scenario_portfolio_id_uq: waits for migration 20261120000100
\endif

-- recommendation_property_id
SELECT NOT :'history'::boolean OR '20261120000300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('recommendation %s', r.id) AS violator
                      FROM recommendation r JOIN plan p ON p.id = r.plan_id
                     WHERE r.property_id <> p.property_id
) v \gset
\echo :mark recommendation_property_id: 'a measure is of its plan''s property'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] recommendation_property_id: waits for migration 20261120000300
\endif

-- recommendation_position_dense
SELECT NOT :'history'::boolean OR '20261120000300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 0 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', p.id) AS violator
                      FROM plan p JOIN recommendation r ON r.plan_id = p.id
                     WHERE p.content_digest IS NOT NULL
                     GROUP BY p.id
                    HAVING count(*) <> count(r.position)
                        OR min(r.position) <> 0 OR max(r.position) <> count(*) - 1
) v \gset
\echo :mark recommendation_position_dense: 'the places of a replaced plan''s measures count up from 0'
\if :found
\echo '   ' warning: :count 'break it:' :sample
\endif
\else
\echo [-] recommendation_position_dense: waits for migration 20261120000300
\endif

-- ingredients_name_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE char_length(name) NOT BETWEEN 1 AND 200
) v \gset
\echo :mark ingredients_name_ck: 'an ingredient''s name has from 1 to 200 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_name_ck: waits for migration 20261120190200
\endif

-- ingredients_energy_kcal_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE energy_kcal NOT BETWEEN 0 AND 1000
) v \gset
\echo :mark ingredients_energy_kcal_ck: '100 g of an ingredient have from 0 to 1000 kcal'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_energy_kcal_ck: waits for migration 20261120190200
\endif

-- ingredients_protein_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE protein_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_protein_g_ck: '100 g of an ingredient have from 0 to 100 g of protein'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_protein_g_ck: waits for migration 20261120190200
\endif

-- ingredients_carbohydrate_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE carbohydrate_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_carbohydrate_g_ck: '100 g of an ingredient have from 0 to 100 g of carbohydrate'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_carbohydrate_g_ck: waits for migration 20261120190200
\endif

-- ingredients_sugars_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE sugars_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_sugars_g_ck: '100 g of an ingredient have from 0 to 100 g of sugars'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_sugars_g_ck: waits for migration 20261120190200
\endif

-- ingredients_fat_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE fat_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_fat_g_ck: '100 g of an ingredient have from 0 to 100 g of fat'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_fat_g_ck: waits for migration 20261120190200
\endif

-- ingredients_saturated_fat_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE saturated_fat_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_saturated_fat_g_ck: '100 g of an ingredient have from 0 to 100 g of saturated fat'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_saturated_fat_g_ck: waits for migration 20261120190200
\endif

-- ingredients_fibre_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE fibre_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_fibre_g_ck: '100 g of an ingredient have from 0 to 100 g of fibre'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_fibre_g_ck: waits for migration 20261120190200
\endif

-- ingredients_salt_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE salt_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_salt_g_ck: '100 g of an ingredient have from 0 to 100 g of salt'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_salt_g_ck: waits for migration 20261120190200
\endif

-- ingredients_water_g_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE water_g NOT BETWEEN 0 AND 100
) v \gset
\echo :mark ingredients_water_g_ck: '100 g of an ingredient have from 0 to 100 g of water'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_water_g_ck: waits for migration 20261120190200
\endif

-- ingredients_name_uq
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('name %s', (name)::text) AS violator FROM ingredients WHERE superseded_by IS NULL GROUP BY name HAVING count(*) > 1
) v \gset
\echo :mark ingredients_name_uq: 'two current ingredients have different names'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_name_uq: waits for migration 20261120190200
\endif

-- ingredients_superseded_by_ingredient_id_ck
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients WHERE superseded_by <= ingredient_id
) v \gset
\echo :mark ingredients_superseded_by_ingredient_id_ck: 'an ingredient is superseded by a newer one'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_superseded_by_ingredient_id_ck: waits for migration 20261120190200
\endif

-- ingredients_superseded_by_fk
SELECT NOT :'history'::boolean OR '20261120190200' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('ingredient_id %s', (ingredient_id)::text) AS violator FROM ingredients c WHERE superseded_by IS NOT NULL AND NOT EXISTS (SELECT FROM ingredients p WHERE p.ingredient_id = c.superseded_by)
) v \gset
\echo :mark ingredients_superseded_by_fk: 'the ingredient that supersedes another exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredients_superseded_by_fk: waits for migration 20261120190200
\endif

-- plans_user_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM plans c WHERE true AND NOT EXISTS (SELECT FROM users p WHERE p.id = c.user_id)
) v \gset
\echo :mark plans_user_id_fk: 'the user who made a plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plans_user_id_fk: waits for migration 20261120190300
\endif

-- plans_name_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM plans WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark plans_name_ck: 'a plan''s name has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plans_name_ck: waits for migration 20261120190300
\endif

-- plan_versions_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions c WHERE true AND NOT EXISTS (SELECT FROM plans p WHERE p.plan_id = c.plan_id)
) v \gset
\echo :mark plan_versions_plan_id_fk: 'a version''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_plan_id_fk: waits for migration 20261120190300
\endif

-- plan_versions_version_number_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions WHERE version_number < 1
) v \gset
\echo :mark plan_versions_version_number_ck: 'versions are numbered from 1'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_version_number_ck: waits for migration 20261120190300
\endif

-- plan_versions_name_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark plan_versions_name_ck: 'a plan''s name in a version has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_name_ck: waits for migration 20261120190300
\endif

-- plan_versions_message_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions WHERE char_length(message) > 2000
) v \gset
\echo :mark plan_versions_message_ck: 'the message of a commit has at most 2000 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_message_ck: waits for migration 20261120190300
\endif

-- plan_versions_label_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions WHERE char_length(label) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark plan_versions_label_ck: 'a version''s label has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_label_ck: waits for migration 20261120190300
\endif

-- plan_versions_plan_id_version_number_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id, version_number %s', (plan_id, version_number)::text) AS violator FROM plan_versions WHERE true GROUP BY plan_id, version_number HAVING count(*) > 1
) v \gset
\echo :mark plan_versions_plan_id_version_number_uq: 'the versions of a plan have different numbers'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_plan_id_version_number_uq: waits for migration 20261120190300
\endif

-- plan_versions_plan_version_id_plan_id_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, plan_id %s', (plan_version_id, plan_id)::text) AS violator FROM plan_versions WHERE true GROUP BY plan_version_id, plan_id HAVING count(*) > 1
) v \gset
\echo :mark plan_versions_plan_version_id_plan_id_uq: 'a version is of one plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_plan_version_id_plan_id_uq: waits for migration 20261120190300
\endif

-- plan_versions_plan_id_label_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id, label %s', (plan_id, label)::text) AS violator FROM plan_versions WHERE label IS NOT NULL GROUP BY plan_id, label HAVING count(*) > 1
) v \gset
\echo :mark plan_versions_plan_id_label_uq: 'the versions of a plan have different labels'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_plan_id_label_uq: waits for migration 20261120190300
\endif

-- plan_versions_base_version_id_base_version_number_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_versions WHERE (base_version_id IS NULL) <> (base_version_number IS NULL)
) v \gset
\echo :mark plan_versions_base_version_id_base_version_number_ck: 'a version''s base has a key and a number, or there is none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_base_version_id_base_version_number_ck: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_plan_version_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions c WHERE true AND NOT EXISTS (SELECT FROM plan_versions p WHERE p.plan_version_id = c.plan_version_id)
) v \gset
\echo :mark meals_in_plan_versions_plan_version_id_fk: 'a meal''s version exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_plan_version_id_fk: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_day_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions WHERE day < 0
) v \gset
\echo :mark meals_in_plan_versions_day_ck: 'the days of a version count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_day_ck: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_name_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark meals_in_plan_versions_name_ck: 'a meal''s name in a version has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_name_ck: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_meal_time_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions WHERE meal_time >= '24:00'
) v \gset
\echo :mark meals_in_plan_versions_meal_time_ck: 'a meal of a version is eaten before 24:00'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_meal_time_ck: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_position_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions WHERE position < 0
) v \gset
\echo :mark meals_in_plan_versions_position_ck: 'the places of a day''s meals in a version count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_position_ck: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_plan_version_id_meal_id_pk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id %s', (plan_version_id, meal_id)::text) AS violator FROM meals_in_plan_versions WHERE true GROUP BY plan_version_id, meal_id HAVING count(*) > 1
) v \gset
\echo :mark meals_in_plan_versions_plan_version_id_meal_id_pk: 'a meal is in a version once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_plan_version_id_meal_id_pk: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_plan_version_id_day_meal_time_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, day, meal_time %s', (plan_version_id, day, meal_time)::text) AS violator FROM meals_in_plan_versions WHERE true GROUP BY plan_version_id, day, meal_time HAVING count(*) > 1
) v \gset
\echo :mark meals_in_plan_versions_plan_version_id_day_meal_time_uq: 'the meals of a day have different times'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_plan_version_id_day_meal_time_uq: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_plan_version_id_day_name_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, day, name %s', (plan_version_id, day, name)::text) AS violator FROM meals_in_plan_versions WHERE true GROUP BY plan_version_id, day, name HAVING count(*) > 1
) v \gset
\echo :mark meals_in_plan_versions_plan_version_id_day_name_uq: 'the meals of a day have different names'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_plan_version_id_day_name_uq: waits for migration 20261120190300
\endif

-- meals_in_plan_versions_plan_version_id_day_position_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, day, position %s', (plan_version_id, day, position)::text) AS violator FROM meals_in_plan_versions WHERE true GROUP BY plan_version_id, day, position HAVING count(*) > 1
) v \gset
\echo :mark meals_in_plan_versions_plan_version_id_day_position_uq: 'the meals of a version''s day have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meals_in_plan_versions_plan_version_id_day_position_uq: waits for migration 20261120190300
\endif

-- meal_section_versions_plan_version_id_meal_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, section_id %s', (plan_version_id, section_id)::text) AS violator FROM meal_section_versions c WHERE true AND NOT EXISTS (SELECT FROM meals_in_plan_versions p WHERE p.plan_version_id = c.plan_version_id AND p.meal_id = c.meal_id)
) v \gset
\echo :mark meal_section_versions_plan_version_id_meal_id_fk: 'a section''s meal is in the same version'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meal_section_versions_plan_version_id_meal_id_fk: waits for migration 20261120190300
\endif

-- meal_section_versions_name_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, section_id %s', (plan_version_id, section_id)::text) AS violator FROM meal_section_versions WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark meal_section_versions_name_ck: 'a section''s name in a version has from 1 to 100 characters, or there is none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meal_section_versions_name_ck: waits for migration 20261120190300
\endif

-- meal_section_versions_position_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, section_id %s', (plan_version_id, section_id)::text) AS violator FROM meal_section_versions WHERE position < 0
) v \gset
\echo :mark meal_section_versions_position_ck: 'the places of a meal''s sections in a version count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meal_section_versions_position_ck: waits for migration 20261120190300
\endif

-- meal_section_versions_plan_version_id_section_id_pk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, section_id %s', (plan_version_id, section_id)::text) AS violator FROM meal_section_versions WHERE true GROUP BY plan_version_id, section_id HAVING count(*) > 1
) v \gset
\echo :mark meal_section_versions_plan_version_id_section_id_pk: 'a section is in a version once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meal_section_versions_plan_version_id_section_id_pk: waits for migration 20261120190300
\endif

-- meal_section_versions_plan_version_id_meal_id_position_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, meal_id, position %s', (plan_version_id, meal_id, position)::text) AS violator FROM meal_section_versions WHERE true GROUP BY plan_version_id, meal_id, position HAVING count(*) > 1
) v \gset
\echo :mark meal_section_versions_plan_version_id_meal_id_position_uq: 'the sections of a version''s meal have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] meal_section_versions_plan_version_id_meal_id_position_uq: waits for migration 20261120190300
\endif

-- ingredient_versions_plan_version_id_section_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, line_id %s', (plan_version_id, line_id)::text) AS violator FROM ingredient_versions c WHERE true AND NOT EXISTS (SELECT FROM meal_section_versions p WHERE p.plan_version_id = c.plan_version_id AND p.section_id = c.section_id)
) v \gset
\echo :mark ingredient_versions_plan_version_id_section_id_fk: 'a line''s section is in the same version'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_plan_version_id_section_id_fk: waits for migration 20261120190300
\endif

-- ingredient_versions_ingredient_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, line_id %s', (plan_version_id, line_id)::text) AS violator FROM ingredient_versions c WHERE true AND NOT EXISTS (SELECT FROM ingredients p WHERE p.ingredient_id = c.ingredient_id)
) v \gset
\echo :mark ingredient_versions_ingredient_id_fk: 'the ingredient of a version''s line exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_ingredient_id_fk: waits for migration 20261120190300
\endif

-- ingredient_versions_quantity_g_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, line_id %s', (plan_version_id, line_id)::text) AS violator FROM ingredient_versions WHERE quantity_g < 0 OR quantity_g = 'NaN'
) v \gset
\echo :mark ingredient_versions_quantity_g_ck: 'a quantity in a version is a number, and not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_quantity_g_ck: waits for migration 20261120190300
\endif

-- ingredient_versions_position_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, line_id %s', (plan_version_id, line_id)::text) AS violator FROM ingredient_versions WHERE position < 0
) v \gset
\echo :mark ingredient_versions_position_ck: 'the places of a section''s lines in a version count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_position_ck: waits for migration 20261120190300
\endif

-- ingredient_versions_plan_version_id_line_id_pk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, line_id %s', (plan_version_id, line_id)::text) AS violator FROM ingredient_versions WHERE true GROUP BY plan_version_id, line_id HAVING count(*) > 1
) v \gset
\echo :mark ingredient_versions_plan_version_id_line_id_pk: 'a line is in a version once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_plan_version_id_line_id_pk: waits for migration 20261120190300
\endif

-- ingredient_versions_plan_version_id_section_id_position_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id, section_id, position %s', (plan_version_id, section_id, position)::text) AS violator FROM ingredient_versions WHERE true GROUP BY plan_version_id, section_id, position HAVING count(*) > 1
) v \gset
\echo :mark ingredient_versions_plan_version_id_section_id_position_uq: 'the lines of a version''s section have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] ingredient_versions_plan_version_id_section_id_position_uq: waits for migration 20261120190300
\endif

-- active_plans_plan_id_pk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans WHERE true GROUP BY plan_id HAVING count(*) > 1
) v \gset
\echo :mark active_plans_plan_id_pk: 'a plan is active once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_plan_id_pk: waits for migration 20261120190300
\endif

-- active_plans_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans c WHERE true AND NOT EXISTS (SELECT FROM plans p WHERE p.plan_id = c.plan_id)
) v \gset
\echo :mark active_plans_plan_id_fk: 'what is active is a plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_plan_id_fk: waits for migration 20261120190300
\endif

-- active_plans_user_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans c WHERE true AND NOT EXISTS (SELECT FROM users p WHERE p.id = c.user_id)
) v \gset
\echo :mark active_plans_user_id_fk: 'a plan''s owner exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_user_id_fk: waits for migration 20261120190300
\endif

-- active_plans_name_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark active_plans_name_ck: 'a plan''s current name has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_name_ck: waits for migration 20261120190300
\endif

-- active_plans_plan_version_id_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans c WHERE plan_version_id IS NOT NULL AND NOT EXISTS (SELECT FROM plan_versions p WHERE p.plan_version_id = c.plan_version_id AND p.plan_id = c.plan_id)
) v \gset
\echo :mark active_plans_plan_version_id_plan_id_fk: 'the active version is one of the plan, so it is not pruned'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_plan_version_id_plan_id_fk: waits for migration 20261120190300
\endif

-- active_plans_plan_version_id_activated_at_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id %s', (plan_id)::text) AS violator FROM active_plans WHERE (plan_version_id IS NULL) <> (activated_at IS NULL)
) v \gset
\echo :mark active_plans_plan_version_id_activated_at_ck: 'a version is active since some time'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_plan_version_id_activated_at_ck: waits for migration 20261120190300
\endif

-- active_plans_user_id_name_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('user_id, name %s', (user_id, name)::text) AS violator FROM active_plans WHERE archived_at IS NULL GROUP BY user_id, name HAVING count(*) > 1
) v \gset
\echo :mark active_plans_user_id_name_uq: 'a user''s plans that are not archived have different names'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_user_id_name_uq: waits for migration 20261120190300
\endif

-- plan_activations_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('activation_id %s', (activation_id)::text) AS violator FROM plan_activations c WHERE true AND NOT EXISTS (SELECT FROM plans p WHERE p.plan_id = c.plan_id)
) v \gset
\echo :mark plan_activations_plan_id_fk: 'the plan of an activation exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_activations_plan_id_fk: waits for migration 20261120190300
\endif

-- plan_activations_version_number_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('activation_id %s', (activation_id)::text) AS violator FROM plan_activations WHERE version_number < 1
) v \gset
\echo :mark plan_activations_version_number_ck: 'activated versions are numbered from 1'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_activations_version_number_ck: waits for migration 20261120190300
\endif

-- plan_activations_cause_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('activation_id %s', (activation_id)::text) AS violator FROM plan_activations WHERE cause NOT IN ('commit', 'revert')
) v \gset
\echo :mark plan_activations_cause_ck: 'a version becomes active by a commit or a revert'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_activations_cause_ck: waits for migration 20261120190300
\endif

-- plan_activations_reason_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('activation_id %s', (activation_id)::text) AS violator FROM plan_activations WHERE char_length(reason) > 2000
) v \gset
\echo :mark plan_activations_reason_ck: 'the reason of an activation has at most 2000 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_activations_reason_ck: waits for migration 20261120190300
\endif

-- plan_activations_plan_id_activated_at_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id, activated_at %s', (plan_id, activated_at)::text) AS violator FROM plan_activations WHERE true GROUP BY plan_id, activated_at HAVING count(*) > 1
) v \gset
\echo :mark plan_activations_plan_id_activated_at_uq: 'the versions of a plan become active at different times'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_activations_plan_id_activated_at_uq: waits for migration 20261120190300
\endif

-- plan_prunings_plan_version_id_pk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_prunings WHERE true GROUP BY plan_version_id HAVING count(*) > 1
) v \gset
\echo :mark plan_prunings_plan_version_id_pk: 'a version is pruned once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_plan_version_id_pk: waits for migration 20261120190300
\endif

-- plan_prunings_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_prunings c WHERE true AND NOT EXISTS (SELECT FROM plans p WHERE p.plan_id = c.plan_id)
) v \gset
\echo :mark plan_prunings_plan_id_fk: 'the plan of a pruned version exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_plan_id_fk: waits for migration 20261120190300
\endif

-- plan_prunings_reason_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_version_id %s', (plan_version_id)::text) AS violator FROM plan_prunings WHERE char_length(reason) > 2000
) v \gset
\echo :mark plan_prunings_reason_ck: 'the reason of a pruning has at most 2000 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_reason_ck: waits for migration 20261120190300
\endif

-- plan_prunings_plan_id_version_number_uq
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_id, version_number %s', (plan_id, version_number)::text) AS violator FROM plan_prunings WHERE true GROUP BY plan_id, version_number HAVING count(*) > 1
) v \gset
\echo :mark plan_prunings_plan_id_version_number_uq: 'a number of a plan is pruned once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_plan_id_version_number_uq: waits for migration 20261120190300
\endif

-- draft_plans_user_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id %s', (draft_id)::text) AS violator FROM draft_plans c WHERE true AND NOT EXISTS (SELECT FROM users p WHERE p.id = c.user_id)
) v \gset
\echo :mark draft_plans_user_id_fk: 'the user of a draft exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_user_id_fk: waits for migration 20261120190400
\endif

-- draft_plans_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id %s', (draft_id)::text) AS violator FROM draft_plans c WHERE true AND NOT EXISTS (SELECT FROM plans p WHERE p.plan_id = c.plan_id)
) v \gset
\echo :mark draft_plans_plan_id_fk: 'the plan of a draft exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_plan_id_fk: waits for migration 20261120190400
\endif

-- draft_plans_name_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id %s', (draft_id)::text) AS violator FROM draft_plans WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark draft_plans_name_ck: 'a plan''s name in a draft has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_name_ck: waits for migration 20261120190400
\endif

-- draft_plans_seen_version_number_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id %s', (draft_id)::text) AS violator FROM draft_plans WHERE seen_version_number < 0
) v \gset
\echo :mark draft_plans_seen_version_number_ck: 'a draft has seen versions from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_seen_version_number_ck: waits for migration 20261120190400
\endif

-- draft_plans_user_id_plan_id_uq
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('user_id, plan_id %s', (user_id, plan_id)::text) AS violator FROM draft_plans WHERE true GROUP BY user_id, plan_id HAVING count(*) > 1
) v \gset
\echo :mark draft_plans_user_id_plan_id_uq: 'a user has one draft of a plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_user_id_plan_id_uq: waits for migration 20261120190400
\endif

-- draft_plans_base_version_id_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id %s', (draft_id)::text) AS violator FROM draft_plans c WHERE base_version_id IS NOT NULL AND NOT EXISTS (SELECT FROM plan_versions p WHERE p.plan_version_id = c.base_version_id AND p.plan_id = c.plan_id)
) v \gset
\echo :mark draft_plans_base_version_id_plan_id_fk: 'a draft''s base is a version of its plan, so it is not pruned'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_plans_base_version_id_plan_id_fk: waits for migration 20261120190400
\endif

-- draft_meals_draft_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals c WHERE true AND NOT EXISTS (SELECT FROM draft_plans p WHERE p.draft_id = c.draft_id)
) v \gset
\echo :mark draft_meals_draft_id_fk: 'a meal''s draft exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_draft_id_fk: waits for migration 20261120190400
\endif

-- draft_meals_day_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals WHERE day < 0
) v \gset
\echo :mark draft_meals_day_ck: 'the days of a draft count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_day_ck: waits for migration 20261120190400
\endif

-- draft_meals_name_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark draft_meals_name_ck: 'a meal''s name in a draft has from 1 to 100 characters'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_name_ck: waits for migration 20261120190400
\endif

-- draft_meals_meal_time_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals WHERE meal_time >= '24:00'
) v \gset
\echo :mark draft_meals_meal_time_ck: 'a meal of a draft is eaten before 24:00'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_meal_time_ck: waits for migration 20261120190400
\endif

-- draft_meals_position_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals WHERE position < 0
) v \gset
\echo :mark draft_meals_position_ck: 'the places of a day''s meals in a draft count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_position_ck: waits for migration 20261120190400
\endif

-- draft_meals_draft_id_meal_id_pk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id %s', (draft_id, meal_id)::text) AS violator FROM draft_meals WHERE true GROUP BY draft_id, meal_id HAVING count(*) > 1
) v \gset
\echo :mark draft_meals_draft_id_meal_id_pk: 'a meal is in a draft once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_draft_id_meal_id_pk: waits for migration 20261120190400
\endif

-- draft_meals_draft_id_day_position_uq
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, day, position %s', (draft_id, day, position)::text) AS violator FROM draft_meals WHERE true GROUP BY draft_id, day, position HAVING count(*) > 1
) v \gset
\echo :mark draft_meals_draft_id_day_position_uq: 'the meals of a draft''s day have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meals_draft_id_day_position_uq: waits for migration 20261120190400
\endif

-- draft_meal_sections_draft_id_meal_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, section_id %s', (draft_id, section_id)::text) AS violator FROM draft_meal_sections c WHERE true AND NOT EXISTS (SELECT FROM draft_meals p WHERE p.draft_id = c.draft_id AND p.meal_id = c.meal_id)
) v \gset
\echo :mark draft_meal_sections_draft_id_meal_id_fk: 'a section''s meal is in the same draft'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meal_sections_draft_id_meal_id_fk: waits for migration 20261120190400
\endif

-- draft_meal_sections_name_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, section_id %s', (draft_id, section_id)::text) AS violator FROM draft_meal_sections WHERE char_length(name) NOT BETWEEN 1 AND 100
) v \gset
\echo :mark draft_meal_sections_name_ck: 'a section''s name in a draft has from 1 to 100 characters, or there is none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meal_sections_name_ck: waits for migration 20261120190400
\endif

-- draft_meal_sections_position_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, section_id %s', (draft_id, section_id)::text) AS violator FROM draft_meal_sections WHERE position < 0
) v \gset
\echo :mark draft_meal_sections_position_ck: 'the places of a meal''s sections in a draft count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meal_sections_position_ck: waits for migration 20261120190400
\endif

-- draft_meal_sections_draft_id_section_id_pk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, section_id %s', (draft_id, section_id)::text) AS violator FROM draft_meal_sections WHERE true GROUP BY draft_id, section_id HAVING count(*) > 1
) v \gset
\echo :mark draft_meal_sections_draft_id_section_id_pk: 'a section is in a draft once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meal_sections_draft_id_section_id_pk: waits for migration 20261120190400
\endif

-- draft_meal_sections_draft_id_meal_id_position_uq
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, meal_id, position %s', (draft_id, meal_id, position)::text) AS violator FROM draft_meal_sections WHERE true GROUP BY draft_id, meal_id, position HAVING count(*) > 1
) v \gset
\echo :mark draft_meal_sections_draft_id_meal_id_position_uq: 'the sections of a draft''s meal have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_meal_sections_draft_id_meal_id_position_uq: waits for migration 20261120190400
\endif

-- draft_ingredients_draft_id_section_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, line_id %s', (draft_id, line_id)::text) AS violator FROM draft_ingredients c WHERE true AND NOT EXISTS (SELECT FROM draft_meal_sections p WHERE p.draft_id = c.draft_id AND p.section_id = c.section_id)
) v \gset
\echo :mark draft_ingredients_draft_id_section_id_fk: 'a line''s section is in the same draft'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_draft_id_section_id_fk: waits for migration 20261120190400
\endif

-- draft_ingredients_ingredient_id_fk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, line_id %s', (draft_id, line_id)::text) AS violator FROM draft_ingredients c WHERE true AND NOT EXISTS (SELECT FROM ingredients p WHERE p.ingredient_id = c.ingredient_id)
) v \gset
\echo :mark draft_ingredients_ingredient_id_fk: 'the ingredient of a draft''s line exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_ingredient_id_fk: waits for migration 20261120190400
\endif

-- draft_ingredients_quantity_g_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, line_id %s', (draft_id, line_id)::text) AS violator FROM draft_ingredients WHERE quantity_g < 0 OR quantity_g = 'NaN'
) v \gset
\echo :mark draft_ingredients_quantity_g_ck: 'a quantity in a draft is a number, and not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_quantity_g_ck: waits for migration 20261120190400
\endif

-- draft_ingredients_position_ck
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, line_id %s', (draft_id, line_id)::text) AS violator FROM draft_ingredients WHERE position < 0
) v \gset
\echo :mark draft_ingredients_position_ck: 'the places of a section''s lines in a draft count from 0'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_position_ck: waits for migration 20261120190400
\endif

-- draft_ingredients_draft_id_line_id_pk
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, line_id %s', (draft_id, line_id)::text) AS violator FROM draft_ingredients WHERE true GROUP BY draft_id, line_id HAVING count(*) > 1
) v \gset
\echo :mark draft_ingredients_draft_id_line_id_pk: 'a line is in a draft once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_draft_id_line_id_pk: waits for migration 20261120190400
\endif

-- draft_ingredients_draft_id_section_id_position_uq
SELECT NOT :'history'::boolean OR '20261120190400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('draft_id, section_id, position %s', (draft_id, section_id, position)::text) AS violator FROM draft_ingredients WHERE true GROUP BY draft_id, section_id, position HAVING count(*) > 1
) v \gset
\echo :mark draft_ingredients_draft_id_section_id_position_uq: 'the lines of a draft''s section have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] draft_ingredients_draft_id_section_id_position_uq: waits for migration 20261120190400
\endif

-- plan_prunings_version_number_ck
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('version %s', p.plan_version_id) AS violator FROM plan_prunings p
          WHERE NOT EXISTS (SELECT FROM plan_versions v
                             WHERE v.plan_id = p.plan_id AND v.version_number > p.version_number)
) v \gset
\echo :mark plan_prunings_version_number_ck: 'the newest version of a plan stays'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_version_number_ck: waits for migration 20261120190300
\endif

-- plan_prunings_gone
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('version %s', p.plan_version_id) AS violator FROM plan_prunings p
          WHERE EXISTS (SELECT FROM plan_versions v WHERE v.plan_version_id = p.plan_version_id)
) v \gset
\echo :mark plan_prunings_gone: 'a version that was pruned is gone'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_prunings_gone: waits for migration 20261120190300
\endif

-- plan_versions_version_number_dense
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', plan_id) AS violator
           FROM (SELECT plan_id, version_number FROM plan_versions
                 UNION ALL SELECT plan_id, version_number FROM plan_prunings) v
          GROUP BY plan_id
         HAVING count(DISTINCT version_number) <> max(version_number)
             OR count(*) <> max(version_number)
) v \gset
\echo :mark plan_versions_version_number_dense: 'each number of a plan up to the newest is of a version, or was pruned'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_version_number_dense: waits for migration 20261120190300
\endif

-- active_plans_last_activation
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', a.plan_id) AS violator
           FROM active_plans a
           LEFT JOIN LATERAL (SELECT l.plan_version_id, l.activated_at FROM plan_activations l
                               WHERE l.plan_id = a.plan_id
                               ORDER BY l.activated_at DESC LIMIT 1) l ON true
          WHERE (a.plan_version_id, a.activated_at)
                IS DISTINCT FROM (l.plan_version_id, l.activated_at)
) v \gset
\echo :mark active_plans_last_activation: 'the active version of a plan is the one that its log names last'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] active_plans_last_activation: waits for migration 20261120190300
\endif

-- plans_active_plan
SELECT NOT :'history'::boolean OR '20261120190300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan %s', p.plan_id) AS violator FROM plans p
          WHERE NOT EXISTS (SELECT FROM active_plans a WHERE a.plan_id = p.plan_id)
) v \gset
\echo :mark plans_active_plan: 'every plan has its row in active_plans'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plans_active_plan: waits for migration 20261120190300
\endif

-- plan_versions_content_digest
SELECT NOT :'history'::boolean OR '20261120190500' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('version %s', plan_version_id) AS violator FROM plan_versions
          WHERE content_digest <> version_digest(plan_version_id)
) v \gset
\echo :mark plan_versions_content_digest: 'a version''s digest is that of its content'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_versions_content_digest: waits for migration 20261120190500
\endif

-- plans_master_plm_pkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('master plan %s', plm_id) AS violator FROM plans_master_plm
          GROUP BY plm_id HAVING count(*) > 1
) v \gset
\echo :mark plans_master_plm_pkey: 'two master plans have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plans_master_plm_pkey: waits for migration 20261120191000
\endif

-- migrations_mig_pkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('migration %s', mig_id) AS violator FROM migrations_mig
          GROUP BY mig_id HAVING count(*) > 1
) v \gset
\echo :mark migrations_mig_pkey: 'two migrations have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] migrations_mig_pkey: waits for migration 20261120191000
\endif

-- migrations_mig_check
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('migration %s', mig_id) AS violator FROM migrations_mig
          WHERE mig_start_date > mig_end_date
) v \gset
\echo :mark migrations_mig_check: 'a migration does not end before it begins'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] migrations_mig_check: waits for migration 20261120191000
\endif

-- migrations_mig_usr_id_owner_fkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('migration %s', m.mig_id) AS violator FROM migrations_mig m
          WHERE m.usr_id_owner IS NOT NULL
            AND NOT EXISTS (SELECT FROM public.users u WHERE u.id = m.usr_id_owner)
) v \gset
\echo :mark migrations_mig_usr_id_owner_fkey: 'the user who owns a migration exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] migrations_mig_usr_id_owner_fkey: waits for migration 20261120191000
\endif

-- iteration_types_itt_pkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('type %s', itt_code) AS violator FROM iteration_types_itt
          GROUP BY itt_code HAVING count(*) > 1
) v \gset
\echo :mark iteration_types_itt_pkey: 'two types of iterations have different codes'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iteration_types_itt_pkey: waits for migration 20261120191000
\endif

-- iterations_ite_pkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('iteration %s', ite_id) AS violator FROM iterations_ite
          GROUP BY ite_id HAVING count(*) > 1
) v \gset
\echo :mark iterations_ite_pkey: 'two iterations have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iterations_ite_pkey: waits for migration 20261120191000
\endif

-- iterations_ite_mig_id_fkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE NOT EXISTS (SELECT FROM migrations_mig m WHERE m.mig_id = i.mig_id)
) v \gset
\echo :mark iterations_ite_mig_id_fkey: 'an iteration''s migration exists, and stays while it has iterations'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iterations_ite_mig_id_fkey: waits for migration 20261120191000
\endif

-- iterations_ite_itt_code_fkey
SELECT NOT :'history'::boolean OR '20261120191000' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE NOT EXISTS (SELECT FROM iteration_types_itt t WHERE t.itt_code = i.itt_code)
) v \gset
\echo :mark iterations_ite_itt_code_fkey: 'an iteration''s type exists, and stays while iterations have it'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iterations_ite_itt_code_fkey: waits for migration 20261120191000
\endif

-- iterations_ite_plm_id_fk
SELECT NOT :'history'::boolean OR '20261120191100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE i.plm_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM plans_master_plm p WHERE p.plm_id = i.plm_id)
) v \gset
\echo :mark iterations_ite_plm_id_fk: 'an iteration''s master plan exists, and stays while iterations run it'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iterations_ite_plm_id_fk: waits for migration 20261120191100
\endif

-- iterations_ite_mig_id_ite_name_uq
SELECT NOT :'history'::boolean OR '20261120191250' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('migration %s, name %L', mig_id, ite_name) AS violator FROM iterations_ite
          GROUP BY mig_id, ite_name HAVING count(*) > 1
) v \gset
\echo :mark iterations_ite_mig_id_ite_name_uq: 'the iterations of a migration have different names'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iterations_ite_mig_id_ite_name_uq: waits for migration 20261120191250
\endif

-- iteration_plans_plm_id
SELECT NOT :'history'::boolean OR '20261120191100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('iteration %s', ite_id) AS violator FROM iteration_plans
          WHERE plm_id IS NULL
) v \gset
\echo :mark iteration_plans_plm_id: 'every iteration has a master plan, its own or its migration''s'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] iteration_plans_plm_id: waits for migration 20261120191100
\endif

-- feature_plans_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark feature_plans_pkey: 'two plans have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_pkey: waits for migration 20261120192100
\endif

-- feature_plans_current_step_range
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE current_step NOT BETWEEN 0 AND 3
) v \gset
\echo :mark feature_plans_current_step_range: 'the step that a plan is in is 0 to 3'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_current_step_range: waits for migration 20261120192100
\endif

-- feature_plans_execution_time_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE total_execution_time_ms < 0
) v \gset
\echo :mark feature_plans_execution_time_non_negative: 'a plan''s execution time is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_execution_time_non_negative: waits for migration 20261120192100
\endif

-- feature_plans_original_request_not_empty
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE length(trim(original_request)) = 0
) v \gset
\echo :mark feature_plans_original_request_not_empty: 'a plan has a request that is not blank'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_original_request_not_empty: waits for migration 20261120192100
\endif

-- feature_plans_version_positive
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE version <= 0
) v \gset
\echo :mark feature_plans_version_positive: 'a plan''s version is above zero'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_version_positive: waits for migration 20261120192100
\endif

-- feature_plans_user_id_users_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE true AND NOT EXISTS (SELECT FROM public.users p WHERE p.id = c.user_id)
) v \gset
\echo :mark feature_plans_user_id_users_id_fk: 'a plan''s user exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_user_id_users_id_fk: waits for migration 20261120192100
\endif

-- feature_plans_parent_plan_id_fk
SELECT NOT :'history'::boolean OR '20261120192340' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE c.parent_plan_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.parent_plan_id)
) v \gset
\echo :mark feature_plans_parent_plan_id_fk: 'the plan that one is a version of exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_parent_plan_id_fk: waits for migration 20261120192340
\endif

-- feature_plans_parent_plan_id_version_uq
SELECT NOT :'history'::boolean OR '20261120192410' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (parent_plan_id, version)::text) AS violator FROM feature_planner.feature_plans c WHERE parent_plan_id IS NOT NULL GROUP BY parent_plan_id, version HAVING count(*) > 1
) v \gset
\echo :mark feature_plans_parent_plan_id_version_uq: 'the versions of a plan have different numbers'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_parent_plan_id_version_uq: waits for migration 20261120192410
\endif

-- feature_plans_selected_refinement_id_id_fk
SELECT NOT :'history'::boolean OR '20261120192330' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE c.selected_refinement_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.feature_refinements p WHERE p.id = c.selected_refinement_id AND p.plan_id = c.id)
) v \gset
\echo :mark feature_plans_selected_refinement_id_id_fk: 'the refinement that a plan has selected is one of its own'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_selected_refinement_id_id_fk: waits for migration 20261120192330
\endif

-- feature_plans_selected_discovery_session_id_id_fk
SELECT NOT :'history'::boolean OR '20261120192330' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE c.selected_discovery_session_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.file_discovery_sessions p WHERE p.id = c.selected_discovery_session_id AND p.plan_id = c.id)
) v \gset
\echo :mark feature_plans_selected_discovery_session_id_id_fk: 'the discovery that a plan has selected is one of its own'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_selected_discovery_session_id_id_fk: waits for migration 20261120192330
\endif

-- feature_plans_selected_plan_generation_id_id_fk
SELECT NOT :'history'::boolean OR '20261120192330' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_plans %s', (id)::text) AS violator FROM feature_planner.feature_plans c WHERE c.selected_plan_generation_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.implementation_plan_generations p WHERE p.id = c.selected_plan_generation_id AND p.plan_id = c.id)
) v \gset
\echo :mark feature_plans_selected_plan_generation_id_id_fk: 'the generation that a plan has selected is one of its own'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_plans_selected_plan_generation_id_id_fk: waits for migration 20261120192330
\endif

-- feature_refinements_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark feature_refinements_pkey: 'two refinements have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_pkey: waits for migration 20261120192100
\endif

-- feature_refinements_character_count_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE character_count < 0
) v \gset
\echo :mark feature_refinements_character_count_non_negative: 'the characters of a refinement are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_character_count_non_negative: waits for migration 20261120192100
\endif

-- feature_refinements_execution_time_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE execution_time_ms < 0
) v \gset
\echo :mark feature_refinements_execution_time_non_negative: 'a refinement''s execution time is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_execution_time_non_negative: waits for migration 20261120192100
\endif

-- feature_refinements_expansion_ratio_positive
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE expansion_ratio <= 0
) v \gset
\echo :mark feature_refinements_expansion_ratio_positive: 'a refinement''s expansion is above zero'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_expansion_ratio_positive: waits for migration 20261120192100
\endif

-- feature_refinements_retry_count_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE retry_count < 0
) v \gset
\echo :mark feature_refinements_retry_count_non_negative: 'the retries of a refinement are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_retry_count_non_negative: waits for migration 20261120192100
\endif

-- feature_refinements_token_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE prompt_tokens < 0 OR completion_tokens < 0
) v \gset
\echo :mark feature_refinements_token_counts_non_negative: 'the tokens of a refinement are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_token_counts_non_negative: waits for migration 20261120192100
\endif

-- feature_refinements_word_count_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE word_count < 0
) v \gset
\echo :mark feature_refinements_word_count_non_negative: 'the words of a refinement are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_word_count_non_negative: waits for migration 20261120192100
\endif

-- feature_refinements_plan_id_feature_plans_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id)::text) AS violator FROM feature_planner.feature_refinements c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.plan_id)
) v \gset
\echo :mark feature_refinements_plan_id_feature_plans_id_fk: 'a refinement''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_plan_id_feature_plans_id_fk: waits for migration 20261120192100
\endif

-- feature_refinements_id_plan_id_uq
SELECT NOT :'history'::boolean OR '20261120192300' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('feature_refinements %s', (id, plan_id)::text) AS violator FROM feature_planner.feature_refinements c WHERE true GROUP BY id, plan_id HAVING count(*) > 1
) v \gset
\echo :mark feature_refinements_id_plan_id_uq: 'a refinement is of one plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] feature_refinements_id_plan_id_uq: waits for migration 20261120192300
\endif

-- file_discovery_sessions_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark file_discovery_sessions_pkey: 'two discoveries have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_pkey: waits for migration 20261120192100
\endif

-- file_discovery_sessions_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE critical_priority_count < 0 OR high_priority_count < 0 OR medium_priority_count < 0 OR low_priority_count < 0
) v \gset
\echo :mark file_discovery_sessions_counts_non_negative: 'a discovery has no fewer files of a priority than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_counts_non_negative: waits for migration 20261120192100
\endif

-- file_discovery_sessions_execution_time_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE execution_time_ms < 0
) v \gset
\echo :mark file_discovery_sessions_execution_time_non_negative: 'a discovery''s execution time is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_execution_time_non_negative: waits for migration 20261120192100
\endif

-- file_discovery_sessions_token_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE prompt_tokens < 0 OR completion_tokens < 0
) v \gset
\echo :mark file_discovery_sessions_token_counts_non_negative: 'the tokens of a discovery are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_token_counts_non_negative: waits for migration 20261120192100
\endif

-- file_discovery_sessions_total_files_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE total_files_found < 0
) v \gset
\echo :mark file_discovery_sessions_total_files_non_negative: 'the files of a discovery are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_total_files_non_negative: waits for migration 20261120192100
\endif

-- file_discovery_sessions_plan_id_feature_plans_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.plan_id)
) v \gset
\echo :mark file_discovery_sessions_plan_id_feature_plans_id_fk: 'a discovery''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_plan_id_feature_plans_id_fk: waits for migration 20261120192100
\endif

-- file_discovery_sessions_id_plan_id_uq
SELECT NOT :'history'::boolean OR '20261120192310' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('file_discovery_sessions %s', (id, plan_id)::text) AS violator FROM feature_planner.file_discovery_sessions c WHERE true GROUP BY id, plan_id HAVING count(*) > 1
) v \gset
\echo :mark file_discovery_sessions_id_plan_id_uq: 'a discovery is of one plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] file_discovery_sessions_id_plan_id_uq: waits for migration 20261120192310
\endif

-- discovered_files_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (id)::text) AS violator FROM feature_planner.discovered_files c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark discovered_files_pkey: 'two files have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_pkey: waits for migration 20261120192100
\endif

-- discovered_files_lines_of_code_positive
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (id)::text) AS violator FROM feature_planner.discovered_files c WHERE lines_of_code <= 0
) v \gset
\echo :mark discovered_files_lines_of_code_positive: 'a file has a line of code or more, where they are counted'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_lines_of_code_positive: waits for migration 20261120192100
\endif

-- discovered_files_relevance_score_range
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (id)::text) AS violator FROM feature_planner.discovered_files c WHERE relevance_score NOT BETWEEN 0 AND 100
) v \gset
\echo :mark discovered_files_relevance_score_range: 'a file''s relevance is 0 to 100'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_relevance_score_range: waits for migration 20261120192100
\endif

-- discovered_files_added_by_user_id_users_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (id)::text) AS violator FROM feature_planner.discovered_files c WHERE c.added_by_user_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.users p WHERE p.id = c.added_by_user_id)
) v \gset
\echo :mark discovered_files_added_by_user_id_users_id_fk: 'the user who has added a file exists, and stays while it does'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_added_by_user_id_users_id_fk: waits for migration 20261120192100
\endif

-- discovered_files_discovery_session_id_file_discovery_sessions_i
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (id)::text) AS violator FROM feature_planner.discovered_files c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.file_discovery_sessions p WHERE p.id = c.discovery_session_id)
) v \gset
\echo :mark discovered_files_discovery_session_id_file_discovery_sessions_i: 'a file''s discovery exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_discovery_session_id_file_discovery_sessions_i: waits for migration 20261120192100
\endif

-- discovered_files_discovery_session_id_file_path_uq
SELECT NOT :'history'::boolean OR '20261120192400' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('discovered_files %s', (discovery_session_id, file_path)::text) AS violator FROM feature_planner.discovered_files c WHERE true GROUP BY discovery_session_id, file_path HAVING count(*) > 1
) v \gset
\echo :mark discovered_files_discovery_session_id_file_path_uq: 'a discovery has a file once'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] discovered_files_discovery_session_id_file_path_uq: waits for migration 20261120192400
\endif

-- implementation_plan_generations_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark implementation_plan_generations_pkey: 'two generations have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_pkey: waits for migration 20261120192100
\endif

-- implementation_plan_generations_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE total_steps < 0 OR prerequisites_count < 0 OR quality_gates_count < 0
) v \gset
\echo :mark implementation_plan_generations_counts_non_negative: 'a generation has no fewer steps, prerequisites or gates than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_counts_non_negative: waits for migration 20261120192100
\endif

-- implementation_plan_generations_execution_time_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE execution_time_ms < 0
) v \gset
\echo :mark implementation_plan_generations_execution_time_non_negative: 'a generation''s execution time is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_execution_time_non_negative: waits for migration 20261120192100
\endif

-- implementation_plan_generations_token_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE prompt_tokens < 0 OR completion_tokens < 0
) v \gset
\echo :mark implementation_plan_generations_token_counts_non_negative: 'the tokens of a generation are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_token_counts_non_negative: waits for migration 20261120192100
\endif

-- implementation_plan_generations_plan_id_feature_plans_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.plan_id)
) v \gset
\echo :mark implementation_plan_generations_plan_id_feature_plans_id_fk: 'a generation''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_plan_id_feature_plans_id_fk: waits for migration 20261120192100
\endif

-- implementation_plan_generations_id_plan_id_uq
SELECT NOT :'history'::boolean OR '20261120192320' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('implementation_plan_generations %s', (id, plan_id)::text) AS violator FROM feature_planner.implementation_plan_generations c WHERE true GROUP BY id, plan_id HAVING count(*) > 1
) v \gset
\echo :mark implementation_plan_generations_id_plan_id_uq: 'a generation is of one plan'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] implementation_plan_generations_id_plan_id_uq: waits for migration 20261120192320
\endif

-- plan_steps_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (id)::text) AS violator FROM feature_planner.plan_steps c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark plan_steps_pkey: 'two steps have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_pkey: waits for migration 20261120192100
\endif

-- plan_steps_display_order_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (id)::text) AS violator FROM feature_planner.plan_steps c WHERE display_order < 0
) v \gset
\echo :mark plan_steps_display_order_non_negative: 'a step''s place is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_display_order_non_negative: waits for migration 20261120192100
\endif

-- plan_steps_step_number_positive
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (id)::text) AS violator FROM feature_planner.plan_steps c WHERE step_number <= 0
) v \gset
\echo :mark plan_steps_step_number_positive: 'a step''s number is above zero'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_step_number_positive: waits for migration 20261120192100
\endif

-- plan_steps_plan_generation_id_implementation_plan_generations_i
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (id)::text) AS violator FROM feature_planner.plan_steps c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.implementation_plan_generations p WHERE p.id = c.plan_generation_id)
) v \gset
\echo :mark plan_steps_plan_generation_id_implementation_plan_generations_i: 'a step''s generation exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_plan_generation_id_implementation_plan_generations_i: waits for migration 20261120192100
\endif

-- plan_steps_template_id_fk
SELECT NOT :'history'::boolean OR '20261120192340' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (id)::text) AS violator FROM feature_planner.plan_steps c WHERE c.template_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.plan_step_templates p WHERE p.id = c.template_id)
) v \gset
\echo :mark plan_steps_template_id_fk: 'the template that a step was made from exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_template_id_fk: waits for migration 20261120192340
\endif

-- plan_steps_plan_generation_id_display_order_uq
SELECT NOT :'history'::boolean OR '20261120192420' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (plan_generation_id, display_order)::text) AS violator FROM feature_planner.plan_steps c WHERE true GROUP BY plan_generation_id, display_order HAVING count(*) > 1
) v \gset
\echo :mark plan_steps_plan_generation_id_display_order_uq: 'the steps of a generation have different places'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_plan_generation_id_display_order_uq: waits for migration 20261120192420
\endif

-- plan_steps_plan_generation_id_step_number_uq
SELECT NOT :'history'::boolean OR '20261120192430' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_steps %s', (plan_generation_id, step_number)::text) AS violator FROM feature_planner.plan_steps c WHERE true GROUP BY plan_generation_id, step_number HAVING count(*) > 1
) v \gset
\echo :mark plan_steps_plan_generation_id_step_number_uq: 'the steps of a generation have different numbers'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_steps_plan_generation_id_step_number_uq: waits for migration 20261120192430
\endif

-- plan_step_templates_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_step_templates %s', (id)::text) AS violator FROM feature_planner.plan_step_templates c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark plan_step_templates_pkey: 'two templates have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_step_templates_pkey: waits for migration 20261120192100
\endif

-- plan_step_templates_usage_count_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_step_templates %s', (id)::text) AS violator FROM feature_planner.plan_step_templates c WHERE usage_count < 0
) v \gset
\echo :mark plan_step_templates_usage_count_non_negative: 'a template is used no fewer times than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_step_templates_usage_count_non_negative: waits for migration 20261120192100
\endif

-- plan_step_templates_user_id_users_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_step_templates %s', (id)::text) AS violator FROM feature_planner.plan_step_templates c WHERE true AND NOT EXISTS (SELECT FROM public.users p WHERE p.id = c.user_id)
) v \gset
\echo :mark plan_step_templates_user_id_users_id_fk: 'a template''s user exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_step_templates_user_id_users_id_fk: waits for migration 20261120192100
\endif

-- plan_execution_logs_pkey
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE true GROUP BY id HAVING count(*) > 1
) v \gset
\echo :mark plan_execution_logs_pkey: 'two log entries have different keys'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_pkey: waits for migration 20261120192100
\endif

-- plan_execution_logs_agent_level_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE agent_level < 0
) v \gset
\echo :mark plan_execution_logs_agent_level_non_negative: 'the level of a log entry''s agent is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_agent_level_non_negative: waits for migration 20261120192100
\endif

-- plan_execution_logs_duration_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE duration_ms < 0
) v \gset
\echo :mark plan_execution_logs_duration_non_negative: 'a log entry''s duration is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_duration_non_negative: waits for migration 20261120192100
\endif

-- plan_execution_logs_retry_attempt_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE retry_attempt < 0
) v \gset
\echo :mark plan_execution_logs_retry_attempt_non_negative: 'the attempt of a log entry is not negative'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_retry_attempt_non_negative: waits for migration 20261120192100
\endif

-- plan_execution_logs_step_number_range
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE step_number NOT BETWEEN 1 AND 3
) v \gset
\echo :mark plan_execution_logs_step_number_range: 'the step of a log entry is 1 to 3'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_step_number_range: waits for migration 20261120192100
\endif

-- plan_execution_logs_token_counts_non_negative
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE prompt_tokens < 0 OR completion_tokens < 0
) v \gset
\echo :mark plan_execution_logs_token_counts_non_negative: 'the tokens of a log entry are not fewer than none'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_token_counts_non_negative: waits for migration 20261120192100
\endif

-- plan_execution_logs_plan_id_feature_plans_id_fk
SELECT NOT :'history'::boolean OR '20261120192100' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE true AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = c.plan_id)
) v \gset
\echo :mark plan_execution_logs_plan_id_feature_plans_id_fk: 'a log entry''s plan exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_plan_id_feature_plans_id_fk: waits for migration 20261120192100
\endif

-- plan_execution_logs_parent_log_id_fk
SELECT NOT :'history'::boolean OR '20261120192340' = ANY (string_to_array(:'applied', ' ')) AS asked \gset
\if :asked
SELECT CASE WHEN count(*) = 0 THEN '[x]' ELSE '[ ]' END AS mark, count(*) > 0 AS found,
       count(*) AS count, :broken + CASE WHEN count(*) = 0 THEN 0 ELSE 1 END AS broken,
       array_to_string((array_agg(violator ORDER BY violator))[1:10], ', ') AS sample
  FROM (
SELECT format('plan_execution_logs %s', (id)::text) AS violator FROM feature_planner.plan_execution_logs c WHERE c.parent_log_id IS NOT NULL AND NOT EXISTS (SELECT FROM feature_planner.plan_execution_logs p WHERE p.id = c.parent_log_id)
) v \gset
\echo :mark plan_execution_logs_parent_log_id_fk: 'the log entry that one is below exists'
\if :found
\echo '   ' error: :count 'break it:' :sample
\endif
\else
\echo [-] plan_execution_logs_parent_log_id_fk: waits for migration 20261120192340
\endif

COMMIT;
SELECT :broken > 0 AS found \gset
\if :found
DO $$ BEGIN RAISE EXCEPTION 'rules are broken: see above' USING ERRCODE = 'check_violation'; END $$;
\endif
