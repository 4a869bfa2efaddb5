"""A comparison that took longer than a worker may spend on it is kept as one that was given up."""

from django.db import migrations, models

UNCOUNTED = "DELETE FROM hashsets_comparison WHERE rows IS NULL;"


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0012_guards")]
    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, UNCOUNTED),
        migrations.AlterField(
            model_name="comparison",
            name="rows",
            field=models.JSONField(null=True),
        ),
    ]
