-- Refuses while a row is left: dropping the tables would lose it.

DO $$
BEGIN
    IF EXISTS (SELECT FROM scenario) OR EXISTS (SELECT FROM recommendation) THEN
        RAISE EXCEPTION 'scenario or recommendation still holds rows, which dropping it would lose'
            USING HINT = 'Delete or move the rows first.';
    END IF;
END
$$;

DROP TABLE plan_recommendations;
DROP TABLE recommendation;
DROP TABLE plan;
DROP TABLE scenario;
DROP TYPE scenario_goal;
