"""What the tables themselves refuse, and how the queue's row is stored."""

from django.db import migrations

GUARD = """
ALTER TABLE cases_stack SET (fillfactor = 85);
ALTER TABLE cases_match ADD CONSTRAINT match_of_entry
  FOREIGN KEY (set_id, entry) REFERENCES hashsets_entry (set_id, id) DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON cases_decision
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
"""
UNGUARD = """
DROP TRIGGER append_only ON cases_decision;
ALTER TABLE cases_match DROP CONSTRAINT match_of_entry;
ALTER TABLE cases_stack RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("hashsets", "0002_entries"), ("workbench", "0002_guards")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
