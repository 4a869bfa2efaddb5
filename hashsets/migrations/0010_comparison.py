"""Counts over two versions, kept; and an index of the entries that somebody should look into."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

DOUBTS = """
CREATE INDEX hashsets_entry_doubtful ON hashsets_entry (set_id, id)
  WHERE conflict OR state <> 'published' OR trust = 'disputed';
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0009_entry_hashes")]
    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("other_generation", models.PositiveIntegerField()),
                ("rows", models.JSONField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hashsets.hashset"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="hashsets.hashset"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="comparison",
            constraint=models.UniqueConstraint(
                fields=("set", "generation", "other", "other_generation"), name="compared_once"
            ),
        ),
        migrations.RunSQL(DOUBTS, "DROP INDEX hashsets_entry_doubtful;"),
    ]
