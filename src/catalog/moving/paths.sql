-- planwright: the search_path of roles that come to these tables by themselves or through another
SELECT r.rolname::text AS role,
       (SELECT substr(c.setting, 13)
          FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c (setting)
         WHERE starts_with(c.setting, 'search_path=')
           AND s.setrole IN (r.oid, 0)
           AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database
                                      WHERE datname = current_database()))
         ORDER BY s.setrole <> 0 AND s.setdatabase <> 0 DESC, s.setrole <> 0 DESC,
                  s.setdatabase <> 0 DESC LIMIT 1) AS path,
       EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS c (setting)
                WHERE starts_with(c.setting, 'search_path=') AND s.setrole = r.oid
                  AND s.setdatabase <> 0) AS in_database,
       current_database()::text AS database
  FROM pg_catalog.pg_roles r
 WHERE r.rolcanlogin
   AND (r.rolname = ANY ($1)
        OR NOT r.rolsuper AND EXISTS (
            SELECT FROM pg_catalog.pg_roles g
             WHERE g.rolname = ANY ($1) AND pg_has_role(r.oid, g.oid, 'MEMBER')))
 ORDER BY 1
