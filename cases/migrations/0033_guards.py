"""Second views know in whose batches they were; what people look at, search and fetch has budgets by the hour."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

HELD = """
UPDATE cases_secondview v SET had_by = ARRAY[b.user_id] FROM cases_batch b WHERE b.id = v.batch_id AND v.state = 'open';
UPDATE cases_secondview SET not_for = '{}' WHERE why = 'check' AND state = 'open';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0032_strip"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="secondview",
            name="had_by",
            field=django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), db_default=[], size=None),
        ),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="secondview",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["had_by"], condition=Q(("state", "open"), ~Q(("had_by", []))), name="second_view_had"
            ),
        ),
        migrations.CreateModel(
            name="Spent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "what", "hour", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("what", models.CharField(max_length=10)),
                ("hour", models.DateTimeField()),
                ("number", models.PositiveIntegerField()),
                ("user", models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    )),
            ],
        ),
        migrations.CreateModel(
            name="BudgetLift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField()),
                ("user", models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    )),
            ],
            options={"indexes": [models.Index(fields=["user", "until"], name="budget_lift_of_person")]},
        ),
    ]
