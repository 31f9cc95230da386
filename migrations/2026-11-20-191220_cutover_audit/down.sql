DROP TRIGGER iterations_ite_audit ON iterations_ite;
DROP TRIGGER migrations_mig_audit ON migrations_mig;
DROP TRIGGER plans_master_plm_audit ON plans_master_plm;
DROP FUNCTION planwright.cutover_audit();
