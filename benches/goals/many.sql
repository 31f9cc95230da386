INSERT INTO plan AS p
       (property_id, scenario_id, is_default, post_sap_points, post_epc_band, post_co2_tonnes,
        co2_savings_tonnes, post_energy_kwh, energy_savings_kwh, post_energy_bill,
        energy_bill_savings, cost_of_works, contingency_cost, updated_at)
SELECT i.*, now()
  FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::numeric[], $5::text[], $6::numeric[],
              $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[],
              $12::numeric[], $13::numeric[]) AS i(property_id, scenario_id)
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
       updated_at = excluded.updated_at
RETURNING p.property_id, p.id
