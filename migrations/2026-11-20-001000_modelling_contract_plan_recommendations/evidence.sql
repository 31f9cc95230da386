-- Who still uses the join. Times of the last scans are known from PostgreSQL 16 on.
SELECT line.text
  FROM (SELECT to_jsonb(s) AS t FROM pg_catalog.pg_stat_user_tables s
         WHERE s.relid = to_regclass('plan_recommendations')) AS counted,
       (SELECT stats_reset AS at FROM pg_catalog.pg_stat_database
         WHERE datname = current_database()) AS reset,
       LATERAL (VALUES
           (1, format('plan_recommendations was read %s times in whole%s and %s times by an index%s',
                      t ->> 'seq_scan', coalesce(', last at ' || (t ->> 'last_seq_scan'), ''),
                      t ->> 'idx_scan', coalesce(', last at ' || (t ->> 'last_idx_scan'), ''))),
           (2, format('%s rows were inserted, %s updated, %s deleted',
                      t ->> 'n_tup_ins', t ->> 'n_tup_upd', t ->> 'n_tup_del')),
           -- Not by format(), which writes NULL as nothing.
           (3, coalesce('counted since ' || reset.at,
                        format('no reset of the counters is known; the server started at %s',
                               pg_catalog.pg_postmaster_start_time()))),
           (4, 'readers of plan_measure, replaces and the backfill are counted, too')
       ) AS line (nth, text)
 ORDER BY line.nth;
