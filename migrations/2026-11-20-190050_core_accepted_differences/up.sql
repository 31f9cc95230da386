-- What was accepted when a database was adopted, so that later looks know it as long as it stays as
-- it was then.
--
-- Locks: none that anybody waits for; the table is new. Time: milliseconds. Writers need not stop.
-- Reversible while it is empty.

CREATE TABLE planwright.accepted_differences (
    key text NOT NULL CONSTRAINT accepted_differences_key_pk PRIMARY KEY,
    context text NOT NULL,
    found jsonb NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    accepted_by text NOT NULL DEFAULT current_user
);

COMMENT ON TABLE planwright.accepted_differences IS 'What was not as the migrations make it when a context was adopted, and was accepted. Written by the adoption, read by verification';
COMMENT ON COLUMN planwright.accepted_differences.key IS 'The object and what of it differs, as reports name it';
COMMENT ON COLUMN planwright.accepted_differences.context IS 'The context that was adopted';
COMMENT ON COLUMN planwright.accepted_differences.found IS 'What was expected and what was there: a difference that is another one by now is not accepted';
COMMENT ON COLUMN planwright.accepted_differences.accepted_at IS 'When the adoption began';
COMMENT ON COLUMN planwright.accepted_differences.accepted_by IS 'The database role that adopted';
