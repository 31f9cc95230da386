WITH keeps AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS k(recommendation_id, plan_id)
), further AS MATERIALIZED (
    SELECT f.*, nextval(pg_get_serial_sequence('recommendation', 'id')) AS copy
      FROM unnest($3::bigint[], $4::bigint[]) AS f(recommendation_id, plan_id)
), kept AS (
    -- The place that a row may have without a plan means nothing in one.
    UPDATE recommendation r
       SET plan_id = k.plan_id, position = NULL
      FROM keeps k
     WHERE r.id = k.recommendation_id
    RETURNING r.plan_id, ROW (
                  r.property_id, r.measure_type, r.description, r.estimated_cost,
                  r.already_installed, r.sap_points, r.co2_savings_tonnes, r.energy_savings_kwh,
                  r.energy_bill_savings, r.created_at)::text AS content
), copied AS (
    -- All columns, the host's own too.
    INSERT INTO recommendation AS r OVERRIDING SYSTEM VALUE
    SELECT c.*
      FROM further f
      JOIN recommendation o ON o.id = f.recommendation_id
     CROSS JOIN LATERAL jsonb_populate_record(o, jsonb_build_object(
               'id', f.copy, 'plan_id', f.plan_id, 'position', NULL)) c
    RETURNING r.plan_id, ROW (
                  r.property_id, r.measure_type, r.description, r.estimated_cost,
                  r.already_installed, r.sap_points, r.co2_savings_tonnes, r.energy_savings_kwh,
                  r.energy_bill_savings, r.created_at)::text AS content
)