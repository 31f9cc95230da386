SELECT older.id
  FROM plan older
 WHERE EXISTS (SELECT FROM plan newer
                WHERE (newer.property_id, newer.scenario_id) = (older.property_id, older.scenario_id)
                  AND newer.id > older.id)
 ORDER BY older.property_id, older.scenario_id, older.id
   FOR UPDATE
