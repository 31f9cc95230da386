DROP VIEW plan_measure;
