DROP FUNCTION version_nutrients(bigint);
DROP FUNCTION draft_nutrients(bigint);
DROP VIEW version_nutrients;
DROP VIEW draft_nutrients;
