-- Plans that share a key. The modelling context's `delete_duplicates` keeps the newest of each.
SELECT format('property %s, scenario %s: plans %s', property_id, scenario_id,
              string_agg(id::text, ', ' ORDER BY id)) AS problem
  FROM plan
 GROUP BY property_id, scenario_id
HAVING count(*) > 1
 ORDER BY property_id, scenario_id
 LIMIT 100;
