-- A view that is replaced loses its options, such as the security_invoker of a host.
DO $$
BEGIN
    PERFORM set_config('planwright.view_options', coalesce(array_to_string(reloptions, ', '), ''), true)
       FROM pg_catalog.pg_class
      WHERE oid = 'plan_measure'::regclass;
END
$$;

CREATE OR REPLACE VIEW plan_measure AS
SELECT r.plan_id, r.id, r.property_id, r.position, r.measure_type, r.description, r.estimated_cost,
       r.already_installed, r.sap_points, r.co2_savings_tonnes, r.energy_savings_kwh,
       r.energy_bill_savings, r.created_at, true AS linked
  FROM recommendation r
 WHERE r.plan_id IS NOT NULL
UNION ALL
SELECT l.plan_id, r.id, r.property_id, r.position, r.measure_type, r.description, r.estimated_cost,
       r.already_installed, r.sap_points, r.co2_savings_tonnes, r.energy_savings_kwh,
       r.energy_bill_savings, r.created_at, false AS linked
  FROM plan_recommendations l
 -- OFFSET 0 keeps this a look-up by key. As a join it may become a scan of recommendation, in a
 -- statement that was prepared while the table was small: measured at 10,000 rows, 10 ms for a plan.
 CROSS JOIN LATERAL (
    SELECT * FROM recommendation m
     WHERE m.id = l.recommendation_id AND m.plan_id IS NULL
    OFFSET 0
 ) r;

DO $$
BEGIN
    IF current_setting('planwright.view_options') <> '' THEN
        EXECUTE format('ALTER VIEW plan_measure SET (%s)', current_setting('planwright.view_options'));
    END IF;
END
$$;
