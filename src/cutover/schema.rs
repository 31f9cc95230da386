// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "cutover_status"))]
    pub struct CutoverStatus;
}

diesel::table! {
    use diesel::sql_types::*;

    /// What an iteration is for. Hosts add types of their own.
    iteration_types_itt (itt_code) {
        /// The key.
        #[max_length = 10]
        itt_code -> Varchar,
        /// What people call it.
        #[max_length = 100]
        itt_name -> Varchar,
        /// What such an iteration is for.
        itt_description -> Nullable<Text>,
        /// Its place in lists.
        display_order -> Int4,
        /// Whether new iterations may have it.
        active -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::CutoverStatus;

    /// Iterations of migrations: each runs a master plan once.
    iterations_ite (ite_id) {
        /// The key.
        ite_id -> Uuid,
        /// The migration.
        mig_id -> Uuid,
        /// What it is for.
        #[max_length = 10]
        itt_code -> Varchar,
        /// What people call it.
        #[max_length = 255]
        ite_name -> Varchar,
        /// What is special about it.
        ite_description -> Nullable<Text>,
        /// How far it is.
        ite_status -> CutoverStatus,
        /// When the cutover is agreed to be.
        ite_static_cutover_date -> Nullable<Timestamptz>,
        /// When the cutover is now expected to be.
        ite_dynamic_cutover_date -> Nullable<Timestamptz>,
        /// Who made the row, where the application said so.
        created_by -> Nullable<Text>,
        /// When the row was made.
        created_at -> Timestamptz,
        /// Who changed the row last, where the application said so.
        updated_by -> Nullable<Text>,
        /// When the row was last changed.
        updated_at -> Timestamptz,
        /// The master plan that it runs. NULL in older states of the schema, where it is still its migration's.
        plm_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::CutoverStatus;

    /// Migrations: moves of a data centre or an application. A container of iterations.
    migrations_mig (mig_id) {
        /// The key.
        mig_id -> Uuid,
        /// What people call it.
        #[max_length = 255]
        mig_name -> Varchar,
        /// What is moved, and why.
        mig_description -> Nullable<Text>,
        /// How far it is.
        mig_status -> CutoverStatus,
        /// What kind of move it is, such as DATA_CENTRE.
        #[max_length = 50]
        mig_type -> Varchar,
        /// When the work begins.
        mig_start_date -> Nullable<Date>,
        /// When the work ends. Not before it begins.
        mig_end_date -> Nullable<Date>,
        /// When the business goes over.
        mig_business_cutover_date -> Nullable<Date>,
        /// The user who answers for it.
        usr_id_owner -> Nullable<Uuid>,
        /// Who made the row, where the application said so.
        created_by -> Nullable<Text>,
        /// When the row was made.
        created_at -> Timestamptz,
        /// Who changed the row last, where the application said so.
        updated_by -> Nullable<Text>,
        /// When the row was last changed.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::CutoverStatus;

    /// Master plans: what is done in a cutover, or in its rehearsal.
    plans_master_plm (plm_id) {
        /// The key.
        plm_id -> Uuid,
        /// What people call it.
        #[max_length = 255]
        plm_name -> Varchar,
        /// What it is for.
        plm_description -> Nullable<Text>,
        /// How far it is.
        plm_status -> CutoverStatus,
        /// Who made the row, where the application said so.
        created_by -> Nullable<Text>,
        /// When the row was made.
        created_at -> Timestamptz,
        /// Who changed the row last, where the application said so.
        updated_by -> Nullable<Text>,
        /// When the row was last changed.
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(iterations_ite -> iteration_types_itt (itt_code));
diesel::joinable!(iterations_ite -> migrations_mig (mig_id));
diesel::joinable!(iterations_ite -> plans_master_plm (plm_id));

diesel::allow_tables_to_appear_in_same_query!(
    iteration_types_itt,
    iterations_ite,
    migrations_mig,
    plans_master_plm,
);
