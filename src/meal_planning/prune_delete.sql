-- planwright: prune versions
--
-- Behind their permits, which the triggers look for. Foreign keys are checked at the end of the
-- statement, when all levels are gone.
WITH lines AS (
    DELETE FROM ingredient_versions WHERE plan_version_id = ANY ($1)
), sections AS (
    DELETE FROM meal_section_versions WHERE plan_version_id = ANY ($2)
), meals AS (
    DELETE FROM meals_in_plan_versions WHERE plan_version_id = ANY ($3)
)
DELETE FROM plan_versions WHERE plan_version_id = ANY ($4)
