"""Stacks put together by hand, arrivals that wait, grounds of decisions, samples of one person's decisions."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


# Told once, never told otherwise.
APPEND_ONLY = "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
"""
    for table in ("cases_stackmove", "cases_grounds", "cases_sample", "cases_sampledraw")
)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0026_days"),
        ("hashsets", "0015_list_upload"),
        ("workbench", "0005_api_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grounds",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "confidence",
                    models.CharField(
                        blank=True, choices=[("sure", "Sure"), ("rather", "Rather"), ("unsure", "Unsure")], max_length=6
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=400)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("scheme_id", models.CharField(max_length=60)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("cases", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("seed", models.UUIDField(default=uuid.uuid4)),
                ("as_of", models.BigIntegerField()),
                ("fitting", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="SampleDraw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="StackMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
                ("first", models.BooleanField()),
                (
                    "joined",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Alone"),
                            ("pdq", "Looks alike"),
                            ("frames", "Shares frames"),
                            ("person", "Put there by a person"),
                        ],
                        max_length=6,
                    ),
                ),
                ("turned", models.PositiveSmallIntegerField()),
                ("aligned", models.BinaryField(max_length=32, null=True)),
                ("apart", models.PositiveSmallIntegerField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="uncompared",
            name="to",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="arrivals",
                to="cases.stack",
            ),
        ),
        migrations.AlterField(
            model_name="secondview",
            name="why",
            field=models.CharField(
                choices=[
                    ("sample", "Sample"),
                    ("unsure", "Unsure"),
                    ("flag", "Flagged"),
                    ("conflict", "Decided at once"),
                    ("check", "Check"),
                    ("drawn", "Drawn by a supervisor"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="decision_at"),
        ),
        migrations.AddIndex(
            model_name="uncompared",
            index=models.Index(condition=models.Q(("to__isnull", False)), fields=["to"], name="uncompared_to"),
        ),
        migrations.AddField(
            model_name="grounds",
            name="act",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="grounds", to="cases.act"
            ),
        ),
        migrations.AddField(
            model_name="sample",
            name="agency",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="workbench.agency"),
        ),
        migrations.AddField(
            model_name="sample",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sample",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sampledraw",
            name="decision",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.decision"),
        ),
        migrations.AddField(
            model_name="sampledraw",
            name="sample",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="draws", to="cases.sample"
            ),
        ),
        migrations.AddField(
            model_name="stackmove",
            name="act",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="cases.act"
            ),
        ),
        migrations.AddField(
            model_name="stackmove",
            name="item",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.item"
            ),
        ),
        migrations.AddField(
            model_name="stackmove",
            name="left",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.stack"
            ),
        ),
        migrations.AddField(
            model_name="stackmove",
            name="to",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.stack"
            ),
        ),
        migrations.AddConstraint(
            model_name="grounds",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence", ""), ("text", ""), _negated=True), name="grounds_say_something"
            ),
        ),
        migrations.AddIndex(
            model_name="sample",
            index=models.Index(fields=["agency", "-id"], name="sample_of_agency"),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(("by", models.F("person")), _negated=True), name="sample_by_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="sampledraw",
            constraint=models.UniqueConstraint(fields=("sample", "place"), name="sample_place_once"),
        ),
        migrations.AddConstraint(
            model_name="stackmove",
            constraint=models.UniqueConstraint(fields=("act", "item"), name="stack_move_once"),
        ),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),  # they go with their tables
    ]
