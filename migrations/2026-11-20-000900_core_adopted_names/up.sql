-- By which names an adopted database calls what the migrations call otherwise, so that the words
-- for a broken rule are found there too.
--
-- Locks: none that anybody waits for; the table is new. Time: milliseconds. Writers need not stop.
-- Reversible while it is empty.

CREATE TABLE planwright.adopted_names (
    schema_name text NOT NULL,
    table_name text NOT NULL,
    actual_name text NOT NULL,
    expected_name text NOT NULL,
    context text NOT NULL,
    CONSTRAINT adopted_names_schema_name_table_name_actual_name_pk
        PRIMARY KEY (schema_name, table_name, actual_name)
);

COMMENT ON TABLE planwright.adopted_names IS 'Constraints and unique indexes of adopted tables that the host has named otherwise than the migrations. Written when a context is adopted, read when a store connects';
COMMENT ON COLUMN planwright.adopted_names.schema_name IS 'The schema of the table';
COMMENT ON COLUMN planwright.adopted_names.table_name IS 'The table that it stands on';
COMMENT ON COLUMN planwright.adopted_names.actual_name IS 'Its name in this database, which the server''s errors tell';
COMMENT ON COLUMN planwright.adopted_names.expected_name IS 'Its name in the migrations';
COMMENT ON COLUMN planwright.adopted_names.context IS 'The context that was adopted';
