"""Nobody approves a scheme he wrote at: of a draft everybody is kept who ever edited it, not only the last one."""

import django.contrib.postgres.fields
from django.db import migrations, models

# Of drafts that are there, the log tells who edited them.
FILL = """
UPDATE hashsets_schemedraft d SET editors = array(
  SELECT d.edited_by_id UNION SELECT u.id FROM workbench_auditevent e JOIN workbench_user u ON u.username = e.actor
  WHERE e.verb = 'scheme.draft' AND e.subject = 'schemedraft:' || d.public_id ORDER BY 1);
UPDATE hashsets_schemedraft SET editors = array_remove(editors, approved_by_id) WHERE approved_by_id IS NOT NULL;
ALTER TABLE hashsets_schemedraft ADD CONSTRAINT scheme_approved_by_no_editor CHECK (NOT approved_by_id = ANY (editors));
"""
UNFILL = "ALTER TABLE hashsets_schemedraft DROP CONSTRAINT scheme_approved_by_no_editor;"


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0011_fresh_partition")]
    operations = [
        migrations.AddField(
            model_name="schemedraft",
            name="editors",
            field=django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list, size=None),
        ),
        migrations.RunSQL(FILL, UNFILL),
    ]
