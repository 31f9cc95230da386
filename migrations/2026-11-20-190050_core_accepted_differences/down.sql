-- Refuses while it holds differences: nothing else knows that they were accepted.
DO $$
BEGIN
    LOCK TABLE planwright.accepted_differences IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM planwright.accepted_differences) THEN
        RAISE EXCEPTION 'planwright.accepted_differences still says what was accepted of adopted tables'
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP TABLE planwright.accepted_differences;
