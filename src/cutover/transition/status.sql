-- planwright: how far the plans of migrations have moved to their iterations
SELECT coalesce(sum(m.named), 0)::bigint,
       coalesce(sum(m.unnamed) FILTER (WHERE m.plm_id IS NOT NULL), 0)::bigint,
       coalesce(sum(m.unnamed) FILTER (WHERE m.plm_id IS NULL), 0)::bigint,
       count(*) FILTER (WHERE m.plm_id IS NOT NULL AND m.named + m.unnamed = 0),
       count(*) FILTER (WHERE m.plm_id IS NOT NULL AND m.named > 0 AND m.unnamed = 0
                          AND NOT m.own),
       count(*) FILTER (WHERE m.others + (m.plm_id IS NOT NULL)::int > 1)
  FROM (SELECT m.plm_id, count(i.plm_id) AS named, count(i.ite_id) - count(i.plm_id) AS unnamed,
               coalesce(bool_or(i.plm_id = m.plm_id), false) AS own,
               -- Beside its own.
               count(DISTINCT i.plm_id) FILTER (WHERE i.plm_id IS DISTINCT FROM m.plm_id) AS others
          FROM migrations_mig m
          LEFT JOIN iterations_ite i ON i.mig_id = m.mig_id
         GROUP BY m.mig_id, m.plm_id) m
