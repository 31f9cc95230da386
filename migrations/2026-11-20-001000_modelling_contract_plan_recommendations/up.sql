-- Drops the join. Each link that it held is in recommendation.plan_id.
-- Held: what reads or writes plan_recommendations fails from here on. Readers of plan_measure, with
-- statements prepared before too, and the repositories never notice.
-- Locks: ACCESS EXCLUSIVE on plan, plan_measure, recommendation and plan_recommendations for some
-- milliseconds, whatever the tables hold. The guard scans before that.
-- Reversible: yes; the down fills the join from recommendation.plan_id. Privileges that were granted
-- on the table are not given again.

-- In a block, as the guard runs behind the LOCK TABLE statements that a file begins with. The order
-- is the one in which the repositories' statements take theirs, so nobody waits in a circle. With the
-- view its tables are locked.
DO $$
BEGIN
    LOCK TABLE plan IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE plan_measure IN ACCESS EXCLUSIVE MODE;
END
$$;

-- A view that is replaced loses its options, such as the security_invoker of a host.
DO $$
BEGIN
    PERFORM set_config('planwright.view_options', coalesce(array_to_string(reloptions, ', '), ''), true)
       FROM pg_catalog.pg_class
      WHERE oid = 'plan_measure'::regclass;
END
$$;

-- The constant is joined, so that nobody can write through the view, as before, and every major of the
-- server says its definition in the same words.
CREATE OR REPLACE VIEW plan_measure AS
SELECT r.plan_id, r.id, r.property_id, r.position, r.measure_type, r.description, r.estimated_cost,
       r.already_installed, r.sap_points, r.co2_savings_tonnes, r.energy_savings_kwh,
       r.energy_bill_savings, r.created_at, l.linked
  FROM recommendation r
 CROSS JOIN (SELECT true AS linked) l
 WHERE r.plan_id IS NOT NULL;

DO $$
BEGIN
    IF current_setting('planwright.view_options') <> '' THEN
        EXECUTE format('ALTER VIEW plan_measure SET (%s)', current_setting('planwright.view_options'));
    END IF;
END
$$;

DROP TABLE plan_recommendations;

COMMENT ON VIEW plan_measure IS 'The measures that each plan has selected.';
COMMENT ON COLUMN plan_measure.linked IS 'True: recommendation.plan_id makes the link. Before plan_recommendations was dropped it told the two apart.';
COMMENT ON COLUMN recommendation.plan_id IS 'The plan that has selected this measure. NULL for a candidate.';
