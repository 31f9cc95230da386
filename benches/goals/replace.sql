-- The replace as one call: what a careful team would write by hand.
CREATE FUNCTION replace_by_hand(
    property bigint, scenario bigint, is_default boolean, post_sap_points numeric,
    post_epc_band text, post_co2_tonnes numeric, co2_savings_tonnes numeric,
    post_energy_kwh numeric, energy_savings_kwh numeric, post_energy_bill numeric,
    energy_bill_savings numeric, cost_of_works numeric, contingency_cost numeric,
    types text[], descriptions text[], costs numeric[], installed boolean[], sap_points numeric[],
    co2 numeric[], energy numeric[], bills numeric[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
    gone bigint;
BEGIN
    INSERT INTO plan AS p
           (property_id, scenario_id, is_default, post_sap_points, post_epc_band, post_co2_tonnes,
            co2_savings_tonnes, post_energy_kwh, energy_savings_kwh, post_energy_bill,
            energy_bill_savings, cost_of_works, contingency_cost, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now())
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
    RETURNING p.id INTO stored;
    DELETE FROM plan_recommendations r WHERE r.plan_id = stored;
    DELETE FROM recommendation r WHERE r.plan_id = stored;
    GET DIAGNOSTICS gone = ROW_COUNT;
    INSERT INTO recommendation
           (plan_id, property_id, position, measure_type, description, estimated_cost,
            already_installed, sap_points, co2_savings_tonnes, energy_savings_kwh,
            energy_bill_savings)
    SELECT stored, property, (i.place - 1)::integer, i.measure_type, i.description,
           i.estimated_cost, i.already_installed, i.sap_points, i.co2, i.energy, i.bill
      FROM unnest(types, descriptions, costs, installed, $18, co2, energy, bills)
             WITH ORDINALITY
             AS i(measure_type, description, estimated_cost, already_installed, sap_points, co2,
                  energy, bill, place);
    RETURN gone;
END $$;
