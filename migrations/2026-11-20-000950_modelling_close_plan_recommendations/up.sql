-- Nothing is added to the join from here on: an INSERT or UPDATE of its rows is refused with the
-- name of this constraint. Readers go on, and deletes. So what the next step's guard has seen stays
-- so, and that step need not hold its locks while the guard scans.
-- Held, for a writer that is older than this crate notices: its links are refused. Roll the last of
-- those away first.
-- Locks: ACCESS EXCLUSIVE on plan_recommendations for some milliseconds; no row is looked at. The
-- guard scans before that, without a lock that anybody waits for.
-- Reversible: yes, in milliseconds.
ALTER TABLE plan_recommendations
    ADD CONSTRAINT plan_recommendations_closed_ck CHECK (false) NOT VALID;
