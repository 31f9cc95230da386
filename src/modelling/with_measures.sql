SELECT p.id, p.property_id, p.scenario_id, p.is_default, p.created_at, p.post_sap_points,
       p.post_epc_band, p.post_co2_tonnes, p.co2_savings_tonnes, p.post_energy_kwh,
       p.energy_savings_kwh, p.post_energy_bill, p.energy_bill_savings, p.cost_of_works,
       p.contingency_cost, p.updated_at,
       m.id, m.plan_id, m.property_id, m.position, m.measure_type, m.description, m.estimated_cost,
       m.already_installed, m.sap_points, m.co2_savings_tonnes, m.energy_savings_kwh,
       m.energy_bill_savings, m.created_at
  FROM plan p
  -- The keys are stated for the view as well: a join's condition does not get into its branches.
  LEFT JOIN (SELECT * FROM plan_measure WHERE plan_id = ANY ($1)) m ON m.plan_id = p.id
 WHERE p.id = ANY ($2)
 ORDER BY p.id, m.position NULLS LAST, m.id
