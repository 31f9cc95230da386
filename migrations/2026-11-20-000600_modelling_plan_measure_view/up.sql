-- What a plan has selected, however the link is stored, so that a plan that was not replaced yet
-- never looks empty.
-- Locks: none that matter.
-- Reversible: yes.

CREATE VIEW plan_measure AS
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

COMMENT ON VIEW plan_measure IS 'The measures that each plan has selected, linked by recommendation.plan_id or, where that is NULL, by plan_recommendations.';
COMMENT ON COLUMN plan_measure.plan_id IS 'The plan.';
COMMENT ON COLUMN plan_measure.id IS 'The measure: recommendation.id.';
COMMENT ON COLUMN plan_measure.property_id IS 'The property; kept by the host.';
COMMENT ON COLUMN plan_measure.position IS 'Place in the plan, from 0. NULL where the plan''s order is not known.';
COMMENT ON COLUMN plan_measure.measure_type IS 'The kind of measure, such as loft_insulation.';
COMMENT ON COLUMN plan_measure.description IS 'What is done, for people.';
COMMENT ON COLUMN plan_measure.estimated_cost IS 'Cost without contingency, in the portfolio''s currency.';
COMMENT ON COLUMN plan_measure.already_installed IS 'Whether the property has it already.';
COMMENT ON COLUMN plan_measure.sap_points IS 'SAP points of the plan''s gain that are credited to it.';
COMMENT ON COLUMN plan_measure.co2_savings_tonnes IS 'CO2 per year of the plan''s savings that is credited to it, in tonnes.';
COMMENT ON COLUMN plan_measure.energy_savings_kwh IS 'Energy per year of the plan''s savings that is credited to it, in kWh.';
COMMENT ON COLUMN plan_measure.energy_bill_savings IS 'Energy bill per year of the plan''s savings that is credited to it, in the portfolio''s currency.';
COMMENT ON COLUMN plan_measure.created_at IS 'When the row was made.';
COMMENT ON COLUMN plan_measure.linked IS 'Whether recommendation.plan_id makes the link, rather than plan_recommendations.';
