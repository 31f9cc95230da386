-- Refuses while there is a plan: dropping the tables would lose what was committed.
DO $$
BEGIN
    LOCK TABLE plans, active_plans IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM plans) THEN
        RAISE EXCEPTION 'plans still holds rows, which dropping it would lose'
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP TABLE plan_prunings, plan_activations, active_plans, ingredient_versions,
    meal_section_versions, meals_in_plan_versions, plan_versions, plans;
DROP FUNCTION planwright.meal_planning_refuse_delete();
DROP FUNCTION planwright.meal_planning_refuse_rest();
DROP FUNCTION planwright.meal_planning_permit_pruning();
DROP FUNCTION planwright.meal_planning_refuse_late_rows();
DROP FUNCTION planwright.meal_planning_stamp_version();
