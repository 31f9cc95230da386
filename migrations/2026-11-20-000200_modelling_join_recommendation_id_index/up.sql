-- While the join exists every deleted measure cascades into it. Without this index each one scans
-- the join: measured at 1 M join rows, replacing 10 measures took 490 ms, and under 1 ms with it.
-- Locks: SHARE UPDATE EXCLUSIVE on plan_recommendations while it scans; writers go on.
-- Reversible: yes.
CREATE INDEX CONCURRENTLY plan_recommendations_recommendation_id_ix
    ON plan_recommendations (recommendation_id);
