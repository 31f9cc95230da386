-- The links go back to the join; order and digests are lost, and nothing reads them then. Writers of
-- plan and recommendation wait while they do: a measure that came in between would lose its plan.

LOCK TABLE plan, recommendation IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO plan_recommendations (plan_id, recommendation_id)
SELECT plan_id, id FROM recommendation WHERE plan_id IS NOT NULL
ON CONFLICT DO NOTHING;

ALTER TABLE recommendation
    DROP CONSTRAINT recommendation_plan_id_fk,
    DROP COLUMN position,
    DROP COLUMN plan_id;
ALTER TABLE plan
    DROP COLUMN updated_at,
    DROP COLUMN content_digest;
