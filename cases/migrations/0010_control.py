"""An exhibit may be removed from its case: two more states; what its pace is told from, what changed on its source."""

from django.db import migrations, models
from django.db.models import Value

# Of ingests that are under way: what is still to be read.
LISTED = """
UPDATE cases_exhibit x SET bytes_listed = x.bytes_read + coalesce((
  SELECT sum(f.size) FROM cases_fileinstance f WHERE f.exhibit_id = x.id AND f.state = 'pending'), 0)
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_attack")]
    operations = [
        migrations.AlterField(
            model_name="exhibit",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting for files"),
                    ("listing", "Listing"),
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("done", "Ready"),
                    ("cancelled", "Cancelled"),
                    ("stopped", "Stopped"),
                    ("removing", "Being removed"),
                    ("removed", "Removed"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField("exhibit", "bytes_listed", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField(
            "exhibit", "pace", models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
        ),
        migrations.AddField(
            "exhibit", "source_changes", models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
        ),
        migrations.RunSQL(LISTED, migrations.RunSQL.noop),
    ]
