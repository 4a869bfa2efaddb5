"""An exhibit may be removed from its case: two more states."""

from django.db import migrations, models


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
    ]
