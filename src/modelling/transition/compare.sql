-- The rows as they were, with the plans that they were to get, and as they are: what this crate knows
-- of a measure. A host's own column may have a trigger that changes it, such as a time of the last change.
-- Hashes of equal rows are equal; that sums of different ones are is as good as impossible by mistake.
SELECT wanted.count, stored.count, wanted.hash IS NOT DISTINCT FROM stored.hash
  FROM (SELECT count(*), sum(hashtextextended(p.plan_id || ROW (
                   o.property_id, o.measure_type, o.description, o.estimated_cost,
                   o.already_installed, o.sap_points, o.co2_savings_tonnes, o.energy_savings_kwh,
                   o.energy_bill_savings, o.created_at)::text, 0)) AS hash
          FROM (SELECT recommendation_id, plan_id FROM keeps
                UNION ALL
                SELECT recommendation_id, plan_id FROM further) p
          JOIN recommendation o ON o.id = p.recommendation_id) wanted,
       (SELECT count(*), sum(hashtextextended(s.plan_id || s.content, 0)) AS hash
          FROM (SELECT * FROM kept UNION ALL SELECT * FROM copied) s) stored
