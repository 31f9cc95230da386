-- The digest of a plan's content: equal for a draft and the version that a commit makes of it.
--
-- The content is the name, and the meals, sections and lines with their ids and places. The first byte
-- says which rules made the digest; another rule gets another number.
--
-- Locks: none that anybody waits for; the functions are new. Time: milliseconds. Writers need not
-- stop. Reversible: yes.

CREATE FUNCTION planwright.meal_planning_meal(
    meal_id uuid, day integer, name text, meal_time time, "position" integer
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN meal_id::text || ' ' || day::text || ' ' || meal_time::text || ' ' || "position"::text || ' '
    || quote_literal(name);

CREATE FUNCTION planwright.meal_planning_section(
    section_id uuid, meal_id uuid, name text, "position" integer
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN section_id::text || ' ' || meal_id::text || ' ' || "position"::text || ' '
    || quote_nullable(name);

CREATE FUNCTION planwright.meal_planning_line(
    line_id uuid, section_id uuid, ingredient_id bigint, quantity_g numeric, "position" integer
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN line_id::text || ' ' || section_id::text || ' ' || ingredient_id::text || ' '
    || quantity_g::text || ' ' || "position"::text;

CREATE FUNCTION planwright.meal_planning_digest(
    name text, meals text, sections text, lines text
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '\x01'::bytea || sha256(convert_to(
    quote_literal(name) || E'\nmeals\n' || coalesce(meals, '') || E'\nsections\n'
    || coalesce(sections, '') || E'\nlines\n' || coalesce(lines, ''), 'UTF8'));

CREATE FUNCTION draft_digest(draft_id bigint) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT planwright.meal_planning_digest(
        d.name,
        (SELECT string_agg(planwright.meal_planning_meal(
                    m.meal_id, m.day, m.name, m.meal_time, m.position), E'\n' ORDER BY m.meal_id)
           FROM draft_meals m WHERE m.draft_id = d.draft_id),
        (SELECT string_agg(planwright.meal_planning_section(
                    s.section_id, s.meal_id, s.name, s.position), E'\n' ORDER BY s.section_id)
           FROM draft_meal_sections s WHERE s.draft_id = d.draft_id),
        (SELECT string_agg(planwright.meal_planning_line(
                    l.line_id, l.section_id, l.ingredient_id, l.quantity_g, l.position),
                    E'\n' ORDER BY l.line_id)
           FROM draft_ingredients l WHERE l.draft_id = d.draft_id))
      FROM draft_plans d WHERE d.draft_id = draft_digest.draft_id
);

CREATE FUNCTION version_digest(plan_version_id bigint) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT planwright.meal_planning_digest(
        v.name,
        (SELECT string_agg(planwright.meal_planning_meal(
                    m.meal_id, m.day, m.name, m.meal_time, m.position), E'\n' ORDER BY m.meal_id)
           FROM meals_in_plan_versions m WHERE m.plan_version_id = v.plan_version_id),
        (SELECT string_agg(planwright.meal_planning_section(
                    s.section_id, s.meal_id, s.name, s.position), E'\n' ORDER BY s.section_id)
           FROM meal_section_versions s WHERE s.plan_version_id = v.plan_version_id),
        (SELECT string_agg(planwright.meal_planning_line(
                    l.line_id, l.section_id, l.ingredient_id, l.quantity_g, l.position),
                    E'\n' ORDER BY l.line_id)
           FROM ingredient_versions l WHERE l.plan_version_id = v.plan_version_id))
      FROM plan_versions v WHERE v.plan_version_id = version_digest.plan_version_id
);

COMMENT ON FUNCTION planwright.meal_planning_meal(uuid, integer, text, time, integer) IS 'A meal as the digest reads it';
COMMENT ON FUNCTION planwright.meal_planning_section(uuid, uuid, text, integer) IS 'A section as the digest reads it';
COMMENT ON FUNCTION planwright.meal_planning_line(uuid, uuid, bigint, numeric, integer) IS 'A line as the digest reads it';
COMMENT ON FUNCTION planwright.meal_planning_digest(text, text, text, text) IS 'The digest of a plan''s content: 1, and the SHA-256 of its text';
COMMENT ON FUNCTION draft_digest(bigint) IS 'The digest of a draft''s content. NULL where there is no such draft';
COMMENT ON FUNCTION version_digest(bigint) IS 'The digest of a version''s content. NULL where there is no such version';
