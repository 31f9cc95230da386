SELECT id, plan_id, property_id, position, measure_type, description, estimated_cost,
       already_installed, sap_points, co2_savings_tonnes, energy_savings_kwh, energy_bill_savings,
       created_at
  FROM plan_measure
 WHERE plan_id = $1
 ORDER BY position NULLS LAST, id
