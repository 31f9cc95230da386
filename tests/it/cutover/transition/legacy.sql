-- The database of a cutover office, as its team has written it, with some things of its own.
CREATE TABLE users (id uuid PRIMARY KEY, name text);

CREATE TYPE cutover_status AS ENUM ('PLANNING', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED');

CREATE TABLE plans_master_plm (
    plm_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    plm_name character varying(255) NOT NULL,
    plm_description text,
    plm_status cutover_status DEFAULT 'PLANNING' NOT NULL,
    created_by text,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_by text,
    updated_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE migrations_mig (
    mig_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    plm_id uuid NOT NULL REFERENCES plans_master_plm ON DELETE RESTRICT,
    usr_id_owner uuid REFERENCES users ON DELETE RESTRICT,
    mig_name varchar(255) NOT NULL,
    mig_description text,
    mig_status cutover_status DEFAULT 'PLANNING' NOT NULL,
    mig_type varchar(50) NOT NULL,
    mig_start_date date,
    mig_end_date date,
    mig_business_cutover_date date,
    created_by text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_by text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    ticket text,
    CHECK (mig_start_date <= mig_end_date)
);
CREATE INDEX ON migrations_mig (usr_id_owner);
CREATE INDEX ON migrations_mig (plm_id);

CREATE TABLE iteration_types_itt (
    itt_code varchar(10) PRIMARY KEY,
    itt_name varchar(100) NOT NULL,
    itt_description text,
    display_order int DEFAULT 0 NOT NULL,
    active bool DEFAULT true NOT NULL
);
INSERT INTO iteration_types_itt VALUES
    ('RUN', 'Run', NULL, 1), ('DR', 'Dress rehearsal', NULL, 2), ('CUTOVER', 'Cutover', NULL, 3),
    ('PILOT', 'Pilot', 'Of this office', 4);

CREATE TABLE iterations_ite (
    ite_id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    mig_id uuid NOT NULL REFERENCES migrations_mig ON DELETE RESTRICT,
    itt_code varchar(10) NOT NULL REFERENCES iteration_types_itt ON DELETE RESTRICT,
    ite_name varchar(255) NOT NULL,
    ite_description text,
    ite_status cutover_status DEFAULT 'PLANNING' NOT NULL,
    ite_static_cutover_date timestamptz,
    ite_dynamic_cutover_date timestamptz,
    created_by text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_by text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    room json
);
CREATE INDEX ON iterations_ite (mig_id);
CREATE INDEX ON iterations_ite (itt_code);

-- Three plans, 1 to 3. Six migrations, 11 to 16: 11 and 12 follow plan 1, 13 plan 2, 14 plan 3; 15 with
-- plan 2 and 16 with plan 1 have no iterations. Seven iterations, 101 to 107.
INSERT INTO plans_master_plm (plm_id, plm_name, created_by)
    SELECT lpad(n::text, 32, '0')::uuid, 'Plan ' || n, 'old' FROM generate_series(1, 3) n;
INSERT INTO migrations_mig (mig_id, plm_id, mig_name, mig_type, created_by, created_at, updated_by, updated_at)
    SELECT lpad(m::text, 32, '0')::uuid, lpad(p::text, 32, '0')::uuid, 'Move ' || m, 'APPLICATION',
           'old', '2024-02-01', 'older', '2024-03-01'
      FROM (VALUES (11, 1), (12, 1), (13, 2), (14, 3), (15, 2), (16, 1)) v (m, p);
INSERT INTO iterations_ite (ite_id, mig_id, itt_code, ite_name, created_by, created_at, updated_by, updated_at)
    SELECT lpad(i::text, 32, '0')::uuid, lpad(m::text, 32, '0')::uuid, c, 'Run ' || i, 'old',
           '2024-02-01', 'older', '2024-03-01'
      FROM (VALUES (101, 11, 'DR'), (102, 11, 'DR'), (103, 11, 'CUTOVER'), (104, 12, 'RUN'),
                   (105, 13, 'DR'), (106, 13, 'CUTOVER'), (107, 14, 'PILOT')) v (i, m, c);
