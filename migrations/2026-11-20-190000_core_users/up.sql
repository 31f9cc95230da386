-- STAND-IN until the real one is merged.
-- Locks: none. Reversible: yes.
CREATE TABLE IF NOT EXISTS users (id uuid CONSTRAINT users_id_pk PRIMARY KEY);
COMMENT ON TABLE users IS 'planwright: users of the host';
COMMENT ON COLUMN users.id IS 'The key';
