CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TYPE soil AS ENUM ('clay', 'loam', 'sand');
CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
CREATE TABLE bed (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    mood mood NOT NULL DEFAULT 'calm',
    soils soil[],
    number serial,
    note text,
    CONSTRAINT bed_note_ck CHECK (length(note) < 1000000),
    UNIQUE (user_id, number)
);
CREATE INDEX bed_mood_ix ON bed (mood) WHERE mood = 'wild';
CREATE TABLE plant (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bed_id uuid REFERENCES bed ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    gardener uuid REFERENCES users,
    soil soil,
    name text NOT NULL,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED
);
CREATE INDEX plant_bed_id_ix ON plant (bed_id);
CREATE TABLE visit (id bigint PRIMARY KEY, plant_id bigint REFERENCES plant, gone text);
ALTER TABLE visit DROP COLUMN gone;
ALTER TABLE visit ADD seen timestamptz DEFAULT now();
CREATE STATISTICS plant_names ON name, soil FROM plant;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.note := coalesce(NEW.note, 'new'); RETURN NEW; END $$;
CREATE TRIGGER bed_touch BEFORE INSERT OR UPDATE ON bed FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TABLE bed IS 'Where plants are';
INSERT INTO users (name) VALUES ('amy'), ('bob');
INSERT INTO bed (user_id, note) SELECT id, repeat(md5(name), 400) FROM users;
INSERT INTO plant (bed_id, gardener, soil, name) SELECT id, user_id, 'loam', 'bean' FROM bed;
INSERT INTO visit (id, plant_id) SELECT id, id FROM plant;
