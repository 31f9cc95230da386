-- What must hold in the data: psql -X -f db_sanity.sql. Reads only, also on a standby. Ends with an
-- error, and psql with exit code 3, where a rule is broken that is more than a warning.
\set ON_ERROR_STOP on
\set QUIET on
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = public;
\set broken 0
\set applied ''
SELECT to_regclass('planwright.migrations') IS NOT NULL AS history \gset
\if :history
SELECT coalesce(string_agg(version, ' '), '') AS applied FROM planwright.migrations \gset
\endif
