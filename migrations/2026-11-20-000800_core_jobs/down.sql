-- Without its row an unfinished job would begin again at the first key. What finished jobs leave is
-- dropped: a held step that waits for one waits until it is run again, which then finds nothing to
-- do.
DO $$
BEGIN
    LOCK TABLE planwright.jobs IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM planwright.jobs WHERE phase <> 'finished') THEN
        RAISE EXCEPTION 'planwright.jobs records an unfinished job, which could not go on where it is: finish it first'
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP TABLE planwright.jobs;
