-- The history of the schema. The runner runs this first, under its lock, and records it in the
-- table that it makes.
--
-- Locks: none that anybody waits for; everything here is new. Time: milliseconds. Reversible.

-- A role that may not create schemas can be given one beforehand, and the down leaves that one.
DO $$
BEGIN
    IF to_regnamespace('planwright') IS NULL THEN
        CREATE SCHEMA planwright;
        COMMENT ON SCHEMA planwright IS 'Made by planwright: what its schema tools remember';
    END IF;
END
$$;

CREATE TABLE planwright.migrations (
    seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT migrations_seq_pk PRIMARY KEY,
    version text NOT NULL CONSTRAINT migrations_version_uq UNIQUE,
    context text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    adopted boolean NOT NULL DEFAULT false,
    installs text[],
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT current_user,
    duration_ms bigint NOT NULL
);

COMMENT ON TABLE planwright.migrations IS 'The migrations of planwright that this database has, in the order in which they were applied. Written by the runner alone';
COMMENT ON COLUMN planwright.migrations.seq IS 'The order of application; down follows it backwards';
COMMENT ON COLUMN planwright.migrations.version IS 'The timestamp of the folder: 14 digits';
COMMENT ON COLUMN planwright.migrations.context IS 'The context whose tables it makes or changes';
COMMENT ON COLUMN planwright.migrations.kind IS 'baseline, expand or held, as it was when it was applied';
COMMENT ON COLUMN planwright.migrations.name IS 'The name of the folder';
COMMENT ON COLUMN planwright.migrations.checksum IS 'One byte for the rule, then the SHA-256 of the SQL tokens of up.sql with its kind and transaction mode';
COMMENT ON COLUMN planwright.migrations.adopted IS 'The database had its objects already: nothing was run, and they belong to the host';
COMMENT ON COLUMN planwright.migrations.installs IS 'On the first row of a context that a run installed: the held steps that belong to the same installation and run without being asked for. NULL on every other row';
COMMENT ON COLUMN planwright.migrations.applied_at IS 'When its transaction began; without one, when it ended';
COMMENT ON COLUMN planwright.migrations.applied_by IS 'The database role that applied it';
COMMENT ON COLUMN planwright.migrations.duration_ms IS 'How long its statements took, in milliseconds';
