-- Refuses while there is a draft: dropping the tables would lose it.
DO $$
BEGIN
    LOCK TABLE draft_plans IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM draft_plans) THEN
        RAISE EXCEPTION 'draft_plans still holds rows, which dropping it would lose'
            USING ERRCODE = 'restrict_violation', HINT = 'Commit or cancel the drafts first.';
    END IF;
END
$$;

DROP TABLE draft_ingredients, draft_meal_sections, draft_meals, draft_plans;
