-- planwright: the two schemas of a move, and what this role may do in them
SELECT s.oid IS NOT NULL AS source_exists,
       coalesce(has_schema_privilege(s.oid, 'USAGE'), false) AS may_use_source,
       t.oid IS NOT NULL AS target_exists,
       coalesce(has_schema_privilege(t.oid, 'CREATE') AND has_schema_privilege(t.oid, 'USAGE'),
                has_database_privilege(current_database(), 'CREATE')) AS may_create,
       coalesce(obj_description(s.oid, 'pg_namespace'), '') AS source_comment,
       coalesce(pg_has_role(s.nspowner, 'USAGE'), false) AS owns_source,
       current_user::text AS role
  FROM (SELECT 1) AS one
  LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = $1
  LEFT JOIN pg_catalog.pg_namespace t ON t.nspname = $2
