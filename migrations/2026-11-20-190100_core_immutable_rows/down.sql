DROP FUNCTION planwright.refuse_change();
