-- Refuses while it holds names: nothing else knows them, and errors would lose their words.
DO $$
BEGIN
    LOCK TABLE planwright.adopted_names IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM planwright.adopted_names) THEN
        RAISE EXCEPTION 'planwright.adopted_names still says how adopted tables name their rules'
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP TABLE planwright.adopted_names;
