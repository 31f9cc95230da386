-- What the long jobs over the data remember, so that one that was stopped or killed goes on where
-- it was.
--
-- Locks: none that anybody waits for; the table is new. Time: milliseconds. Writers need not stop.
-- Reversible once every job has finished.

CREATE TABLE planwright.jobs (
    name text NOT NULL CONSTRAINT jobs_name_pk PRIMARY KEY,
    phase text NOT NULL CONSTRAINT jobs_phase_ck
        CHECK (phase IN ('running', 'stopped', 'verifying', 'failed', 'finished')),
    pass integer NOT NULL DEFAULT 1,
    pass_ended boolean NOT NULL DEFAULT false,
    cursor jsonb,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_estimated bigint,
    batch_size integer NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    error text,
    CONSTRAINT jobs_phase_finished_at_ck CHECK ((phase = 'finished') = (finished_at IS NOT NULL)),
    CONSTRAINT jobs_phase_error_ck CHECK ((phase = 'failed') = (error IS NOT NULL))
);

COMMENT ON TABLE planwright.jobs IS 'The long jobs over the data: how far each is. Written by their runners alone, each row in the transaction of the batch that it tells of';
COMMENT ON COLUMN planwright.jobs.name IS 'What the program calls the job';
COMMENT ON COLUMN planwright.jobs.phase IS 'running (by a runner that may have died since: pg_locks knows), stopped between two batches, verifying, failed or finished';
COMMENT ON COLUMN planwright.jobs.pass IS 'How often the job is going over the data: 1 for the first time';
COMMENT ON COLUMN planwright.jobs.pass_ended IS 'The pass has no batch left: what comes next is the verification';
COMMENT ON COLUMN planwright.jobs.cursor IS 'The key behind which the next batch begins. NULL at the beginning of a pass and at its end';
COMMENT ON COLUMN planwright.jobs.rows_done IS 'The rows of all batches of all passes';
COMMENT ON COLUMN planwright.jobs.rows_estimated IS 'How many rows the job expected when it started. NULL where it does not tell';
COMMENT ON COLUMN planwright.jobs.batch_size IS 'The most rows of the next batch, as the time of the last ones has steered it';
COMMENT ON COLUMN planwright.jobs.revision IS 'Grows with each change. A runner that finds another one than it has written was superseded';
COMMENT ON COLUMN planwright.jobs.started_at IS 'When the job was begun, not when it was resumed';
COMMENT ON COLUMN planwright.jobs.updated_at IS 'When its last batch began, or the last change of its phase';
COMMENT ON COLUMN planwright.jobs.finished_at IS 'When its verification found everything done';
COMMENT ON COLUMN planwright.jobs.error IS 'Why it failed. NULL in every other phase';
