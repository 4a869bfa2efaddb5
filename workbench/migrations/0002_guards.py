"""What the tables themselves refuse: changed events, administrators who decide."""

from django.db import migrations

GUARD = """
CREATE FUNCTION workbench_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON workbench_auditevent
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON workbench_auditevent
  FOR EACH STATEMENT EXECUTE FUNCTION workbench_refuse();

CREATE FUNCTION workbench_roles_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM workbench_membership m WHERE m.user_id = NEW.user_id AND m.role = 'admin')
     AND EXISTS (SELECT FROM workbench_membership m WHERE m.user_id = NEW.user_id
                 AND m.role IN ('investigator', 'supervisor', 'exporter')) THEN
    RAISE EXCEPTION 'an administrator cannot also decide or export' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER roles_apart AFTER INSERT OR UPDATE ON workbench_membership
  FOR EACH ROW EXECUTE FUNCTION workbench_roles_apart();
"""
UNGUARD = """
DROP TRIGGER roles_apart ON workbench_membership;
DROP FUNCTION workbench_roles_apart();
DROP TRIGGER never_emptied ON workbench_auditevent;
DROP TRIGGER append_only ON workbench_auditevent;
DROP FUNCTION workbench_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("workbench", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
