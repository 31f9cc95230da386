DROP FUNCTION version_digest(bigint);
DROP FUNCTION draft_digest(bigint);
DROP FUNCTION planwright.meal_planning_digest(text, text, text, text);
DROP FUNCTION planwright.meal_planning_line(uuid, uuid, bigint, numeric, integer);
DROP FUNCTION planwright.meal_planning_section(uuid, uuid, text, integer);
DROP FUNCTION planwright.meal_planning_meal(uuid, integer, text, time, integer);
