-- The history goes last, and the schema with it where the up made it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM planwright.migrations WHERE version <> '20261120000000') THEN
        RAISE EXCEPTION 'planwright.migrations still records migrations: take those back first'
            USING ERRCODE = 'restrict_violation';
    END IF;
END
$$;

DROP TABLE planwright.migrations;

DO $$
BEGIN
    IF obj_description('planwright'::regnamespace, 'pg_namespace') LIKE 'Made by planwright:%' THEN
        DROP SCHEMA planwright;
    END IF;
END
$$;
