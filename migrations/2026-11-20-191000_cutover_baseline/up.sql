-- What a live installation has before this crate: a migration names one master plan for all of its
-- iterations. Names of constraints are the ones that PostgreSQL gave them there.
-- Locks: public.users, SHARE ROW EXCLUSIVE, milliseconds. Every other table is new.
-- Reversible: yes, while the tables are empty.

CREATE TYPE cutover_status AS ENUM ('PLANNING', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED');
COMMENT ON TYPE cutover_status IS 'How far a master plan, migration or iteration is.';

CREATE TABLE plans_master_plm (
    plm_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    plm_name varchar(255) NOT NULL,
    plm_description text,
    plm_status cutover_status NOT NULL DEFAULT 'PLANNING',
    created_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE plans_master_plm IS 'Master plans: what is done in a cutover, or in its rehearsal.';
COMMENT ON COLUMN plans_master_plm.plm_id IS 'The key.';
COMMENT ON COLUMN plans_master_plm.plm_name IS 'What people call it.';
COMMENT ON COLUMN plans_master_plm.plm_description IS 'What it is for.';
COMMENT ON COLUMN plans_master_plm.plm_status IS 'How far it is.';
COMMENT ON COLUMN plans_master_plm.created_by IS 'Who made the row, where the application said so.';
COMMENT ON COLUMN plans_master_plm.created_at IS 'When the row was made.';
COMMENT ON COLUMN plans_master_plm.updated_by IS 'Who changed the row last, where the application said so.';
COMMENT ON COLUMN plans_master_plm.updated_at IS 'When the row was last changed.';

CREATE TABLE migrations_mig (
    mig_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    mig_name varchar(255) NOT NULL,
    mig_description text,
    mig_status cutover_status NOT NULL DEFAULT 'PLANNING',
    mig_type varchar(50) NOT NULL,
    mig_start_date date,
    mig_end_date date,
    mig_business_cutover_date date,
    usr_id_owner uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    created_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    plm_id uuid NOT NULL REFERENCES plans_master_plm (plm_id) ON DELETE RESTRICT,
    CONSTRAINT migrations_mig_check CHECK (mig_start_date <= mig_end_date)
);
CREATE INDEX migrations_mig_usr_id_owner_idx ON migrations_mig (usr_id_owner);
CREATE INDEX migrations_mig_plm_id_idx ON migrations_mig (plm_id);

COMMENT ON TABLE migrations_mig IS 'Migrations: moves of a data centre or an application. A container of iterations.';
COMMENT ON COLUMN migrations_mig.mig_id IS 'The key.';
COMMENT ON COLUMN migrations_mig.mig_name IS 'What people call it.';
COMMENT ON COLUMN migrations_mig.mig_description IS 'What is moved, and why.';
COMMENT ON COLUMN migrations_mig.mig_status IS 'How far it is.';
COMMENT ON COLUMN migrations_mig.mig_type IS 'What kind of move it is, such as DATA_CENTRE.';
COMMENT ON COLUMN migrations_mig.mig_start_date IS 'When the work begins.';
COMMENT ON COLUMN migrations_mig.mig_end_date IS 'When the work ends. Not before it begins.';
COMMENT ON COLUMN migrations_mig.mig_business_cutover_date IS 'When the business goes over.';
COMMENT ON COLUMN migrations_mig.usr_id_owner IS 'The user who answers for it.';
COMMENT ON COLUMN migrations_mig.created_by IS 'Who made the row, where the application said so.';
COMMENT ON COLUMN migrations_mig.created_at IS 'When the row was made.';
COMMENT ON COLUMN migrations_mig.updated_by IS 'Who changed the row last, where the application said so.';
COMMENT ON COLUMN migrations_mig.updated_at IS 'When the row was last changed.';
COMMENT ON COLUMN migrations_mig.plm_id IS 'The master plan that all of its iterations run.';

CREATE TABLE iteration_types_itt (
    itt_code varchar(10) PRIMARY KEY,
    itt_name varchar(100) NOT NULL,
    itt_description text,
    display_order integer NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true
);

COMMENT ON TABLE iteration_types_itt IS 'What an iteration is for. Hosts add types of their own.';
COMMENT ON COLUMN iteration_types_itt.itt_code IS 'The key.';
COMMENT ON COLUMN iteration_types_itt.itt_name IS 'What people call it.';
COMMENT ON COLUMN iteration_types_itt.itt_description IS 'What such an iteration is for.';
COMMENT ON COLUMN iteration_types_itt.display_order IS 'Its place in lists.';
COMMENT ON COLUMN iteration_types_itt.active IS 'Whether new iterations may have it.';

INSERT INTO iteration_types_itt (itt_code, itt_name, itt_description, display_order) VALUES
    ('RUN', 'Run', 'A plan is run through, without a cutover.', 1),
    ('DR', 'Dress rehearsal', 'The cutover is rehearsed under its real conditions.', 2),
    ('CUTOVER', 'Cutover', 'The business goes over.', 3);

CREATE TABLE iterations_ite (
    ite_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    mig_id uuid NOT NULL REFERENCES migrations_mig (mig_id) ON DELETE RESTRICT,
    itt_code varchar(10) NOT NULL REFERENCES iteration_types_itt (itt_code) ON DELETE RESTRICT,
    ite_name varchar(255) NOT NULL,
    ite_description text,
    ite_status cutover_status NOT NULL DEFAULT 'PLANNING',
    ite_static_cutover_date timestamptz,
    ite_dynamic_cutover_date timestamptz,
    created_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX iterations_ite_mig_id_idx ON iterations_ite (mig_id);
CREATE INDEX iterations_ite_itt_code_idx ON iterations_ite (itt_code);

COMMENT ON TABLE iterations_ite IS 'Iterations of migrations: each runs a master plan once.';
COMMENT ON COLUMN iterations_ite.ite_id IS 'The key.';
COMMENT ON COLUMN iterations_ite.mig_id IS 'The migration.';
COMMENT ON COLUMN iterations_ite.itt_code IS 'What it is for.';
COMMENT ON COLUMN iterations_ite.ite_name IS 'What people call it.';
COMMENT ON COLUMN iterations_ite.ite_description IS 'What is special about it.';
COMMENT ON COLUMN iterations_ite.ite_status IS 'How far it is.';
COMMENT ON COLUMN iterations_ite.ite_static_cutover_date IS 'When the cutover is agreed to be.';
COMMENT ON COLUMN iterations_ite.ite_dynamic_cutover_date IS 'When the cutover is now expected to be.';
COMMENT ON COLUMN iterations_ite.created_by IS 'Who made the row, where the application said so.';
COMMENT ON COLUMN iterations_ite.created_at IS 'When the row was made.';
COMMENT ON COLUMN iterations_ite.updated_by IS 'Who changed the row last, where the application said so.';
COMMENT ON COLUMN iterations_ite.updated_at IS 'When the row was last changed.';
