-- Refuses while a row is left: dropping the table would lose it.
DO $$
BEGIN
    LOCK TABLE ingredients IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM ingredients) THEN
        RAISE EXCEPTION 'ingredients still holds rows, which dropping it would lose'
            USING ERRCODE = 'restrict_violation', HINT = 'Delete or move the rows first.';
    END IF;
END
$$;

DROP TABLE ingredients;
DROP FUNCTION planwright.meal_planning_refuse_new_values();
