-- One plan per property and scenario: the key that a replace works on. Held, for it is the one step
-- that a legacy writer can notice: from here on its second plan for a key is refused with 23505.
-- Locks: SHARE UPDATE EXCLUSIVE on plan while it scans; writers go on.
-- Reversible: yes.
CREATE UNIQUE INDEX CONCURRENTLY plan_property_id_scenario_id_uq
    ON plan (property_id, scenario_id);
