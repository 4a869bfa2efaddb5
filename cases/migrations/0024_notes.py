"""Notes on items."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON cases_note
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0022_queue_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("by_name", models.CharField(max_length=120)),
                ("text", models.CharField(blank=True, max_length=1000)),
                ("at", models.DateTimeField(db_default=Now())),
                (
                    "act",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="note", to="cases.act"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="cases.item",
                    ),
                ),
            ],
        ),
        migrations.AddIndex("note", models.Index(fields=["item", "by", "id"], name="note_of_item")),
        migrations.RunSQL(GUARD, "DROP TRIGGER append_only ON cases_note"),
    ]
