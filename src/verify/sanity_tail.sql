
COMMIT;
SELECT :broken > 0 AS found \gset
\if :found
DO $$ BEGIN RAISE EXCEPTION 'rules are broken: see above' USING ERRCODE = 'check_violation'; END $$;
\endif
