-- The table as it was, closed, with a row for each recommendation.plan_id. Writers of plan and
-- recommendation wait while it is filled; readers go on.

LOCK TABLE plan, recommendation IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE plan_recommendations (
    plan_id bigint NOT NULL,
    recommendation_id bigint NOT NULL
);

INSERT INTO plan_recommendations (plan_id, recommendation_id)
SELECT plan_id, id FROM recommendation WHERE plan_id IS NOT NULL ORDER BY plan_id, id;

ALTER TABLE plan_recommendations
    ADD CONSTRAINT plan_recommendations_pkey PRIMARY KEY (plan_id, recommendation_id),
    ADD CONSTRAINT plan_recommendations_closed_ck CHECK (false) NOT VALID;
CREATE INDEX plan_recommendations_recommendation_id_ix
    ON plan_recommendations (recommendation_id);
ALTER TABLE plan_recommendations
    ADD CONSTRAINT plan_recommendations_plan_id_fkey
        FOREIGN KEY (plan_id) REFERENCES plan (id) ON DELETE CASCADE,
    ADD CONSTRAINT plan_recommendations_recommendation_id_fkey
        FOREIGN KEY (recommendation_id) REFERENCES recommendation (id) ON DELETE CASCADE;

COMMENT ON TABLE plan_recommendations IS 'Legacy: which recommendations a plan has selected, before recommendation.plan_id said so.';
COMMENT ON COLUMN plan_recommendations.plan_id IS 'The plan.';
COMMENT ON COLUMN plan_recommendations.recommendation_id IS 'The selected recommendation.';

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
 -- OFFSET 0 keeps this a look-up by key, as the migration that made the view says.
 CROSS JOIN LATERAL (
    SELECT m.id, m.property_id, m.position, m.measure_type, m.description, m.estimated_cost,
           m.already_installed, m.sap_points, m.co2_savings_tonnes, m.energy_savings_kwh,
           m.energy_bill_savings, m.created_at
      FROM recommendation m
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

COMMENT ON VIEW plan_measure IS 'The measures that each plan has selected, linked by recommendation.plan_id or, where that is NULL, by plan_recommendations.';
COMMENT ON COLUMN plan_measure.linked IS 'Whether recommendation.plan_id makes the link, rather than plan_recommendations.';
COMMENT ON COLUMN recommendation.plan_id IS 'The plan that has selected this measure. NULL for a candidate, and for a measure that is still reached through plan_recommendations.';
