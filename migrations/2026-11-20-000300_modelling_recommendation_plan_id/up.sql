-- A measure belongs to one plan, and says so itself. Nothing is filled here: rows keep NULL until
-- their plan is replaced, or a backfill is asked for.
-- Locks: ACCESS EXCLUSIVE on plan and recommendation for some milliseconds. Nothing is rewritten or
-- scanned: the columns have no default, the foreign key is not checked against present rows.
-- Reversible: yes; the down keeps the links in plan_recommendations.

ALTER TABLE plan
    ADD COLUMN content_digest bytea,
    ADD COLUMN updated_at timestamptz;

COMMENT ON COLUMN plan.content_digest IS 'Version and hash of the content as it was last replaced, then the id of the transaction that wrote it. It speaks for the content only while the plan and each measure have that xmin. NULL where the plan was never replaced.';
COMMENT ON COLUMN plan.updated_at IS 'When the content was last replaced. NULL where it never was.';

-- The foreign key's index is built in a migration of its own, which does not block writers.
ALTER TABLE recommendation
    ADD COLUMN plan_id bigint,
    ADD COLUMN position integer,
    ADD CONSTRAINT recommendation_plan_id_fk
        FOREIGN KEY (plan_id) REFERENCES plan (id) ON DELETE CASCADE NOT VALID;

COMMENT ON COLUMN recommendation.plan_id IS 'The plan that has selected this measure. NULL for a candidate, and for a measure that is still reached through plan_recommendations.';
COMMENT ON COLUMN recommendation.position IS 'Place in the plan, from 0. NULL where the plan''s order is not known.';
