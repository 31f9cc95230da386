DELETE FROM plan older
 USING plan newer
 WHERE (newer.property_id, newer.scenario_id) = (older.property_id, older.scenario_id)
   AND newer.id > older.id
RETURNING older.id
