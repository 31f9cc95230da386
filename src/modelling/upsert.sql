-- Decides for each plan of the input whether it is stored as it is, and stores those that are not.
WITH input AS (
    SELECT *
      FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::numeric[], $5::text[],
                  $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[],
                  $11::numeric[], $12::numeric[], $13::numeric[], $14::bytea[], $15::bigint[])
        AS i(property_id, scenario_id, is_default, post_sap_points, post_epc_band,
             post_co2_tonnes, co2_savings_tonnes, post_energy_kwh, energy_savings_kwh,
             post_energy_bill, energy_bill_savings, cost_of_works, contingency_cost, digest,
             measures)
), same AS (
    -- The digest ends with the id of the transaction that wrote it. As long as that is the xmin of
    -- the plan and of each measure, nobody else has written them since. The sums are scalar
    -- subqueries so that they stay index scans: as a join they might become a scan of the table.
    SELECT p.id, p.property_id, p.scenario_id
      FROM input i
      JOIN plan p ON p.property_id = i.property_id AND p.scenario_id = i.scenario_id
     WHERE p.content_digest = i.digest || xidsend(p.xmin)
       AND (SELECT count(*) = i.measures AND count(*) FILTER (WHERE r.xmin <> p.xmin) = 0
              FROM recommendation r
             WHERE r.plan_id = p.id)
       AND (SELECT count(*) = 0 FROM plan_measure m WHERE m.plan_id = p.id AND NOT m.linked)
), stored AS (
    INSERT INTO plan AS p
           (property_id, scenario_id, is_default, post_sap_points, post_epc_band,
            post_co2_tonnes, co2_savings_tonnes, post_energy_kwh, energy_savings_kwh,
            post_energy_bill, energy_bill_savings, cost_of_works, contingency_cost,
            content_digest, updated_at)
    SELECT i.property_id, i.scenario_id, i.is_default, i.post_sap_points, i.post_epc_band,
           i.post_co2_tonnes, i.co2_savings_tonnes, i.post_energy_kwh, i.energy_savings_kwh,
           i.post_energy_bill, i.energy_bill_savings, i.cost_of_works, i.contingency_cost,
           i.digest || xidsend(pg_current_xact_id()::xid), now()
      FROM input i
     WHERE NOT EXISTS (SELECT
                         FROM same s
                        WHERE s.property_id = i.property_id AND s.scenario_id = i.scenario_id)
     -- One order for everybody: two calls that share keys wait for each other, and never in a circle.
     ORDER BY i.property_id, i.scenario_id
    ON CONFLICT (property_id, scenario_id) DO UPDATE
       SET is_default = excluded.is_default,
           post_sap_points = excluded.post_sap_points,
           post_epc_band = excluded.post_epc_band,
           post_co2_tonnes = excluded.post_co2_tonnes,
           co2_savings_tonnes = excluded.co2_savings_tonnes,
           post_energy_kwh = excluded.post_energy_kwh,
           energy_savings_kwh = excluded.energy_savings_kwh,
           post_energy_bill = excluded.post_energy_bill,
           energy_bill_savings = excluded.energy_bill_savings,
           cost_of_works = excluded.cost_of_works,
           contingency_cost = excluded.contingency_cost,
           content_digest = excluded.content_digest,
           updated_at = excluded.updated_at
    RETURNING p.id, p.property_id, p.scenario_id, p.xmax = 0 AS is_new,
              p.xmin = pg_current_xact_id()::xid AS is_stamped
)
SELECT property_id, scenario_id, id, false AS is_written, false AS is_new, true AS is_stamped,
       to_regclass('plan_recommendations') IS NOT NULL AS has_join
  FROM same
UNION ALL
SELECT property_id, scenario_id, id, true, is_new, is_stamped,
       to_regclass('plan_recommendations') IS NOT NULL
  FROM stored
