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

COMMIT;
SELECT :broken > 0 AS found \gset
\if :found
DO $$ BEGIN RAISE EXCEPTION 'rules are broken: see above' USING ERRCODE = 'check_violation'; END $$;
\endif
