gone AS (
    DELETE FROM recommendation WHERE plan_id = (SELECT id FROM target) RETURNING 1
), stored AS (
    -- Reads the count of what is gone, so that a position is free before it is taken again.
    INSERT INTO recommendation
           (plan_id, property_id, position, measure_type, description, estimated_cost,
            already_installed, sap_points, co2_savings_tonnes, energy_savings_kwh,
            energy_bill_savings)
    SELECT t.id, t.property_id, (i.position - 1)::integer, i.measure_type, i.description,
           i.estimated_cost, i.already_installed, i.sap_points, i.co2_savings_tonnes,
           i.energy_savings_kwh, i.energy_bill_savings
      FROM target t,
           (SELECT count(*) FROM gone) AS before,
           unnest($3::text[], $4::text[], $5::numeric[], $6::boolean[], $7::numeric[],
                  $8::numeric[], $9::numeric[], $10::numeric[])
             WITH ORDINALITY
             AS i(measure_type, description, estimated_cost, already_installed, sap_points,
                  co2_savings_tonnes, energy_savings_kwh, energy_bill_savings, position)
)
SELECT count(*) FROM gone
