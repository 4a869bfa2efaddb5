"""Time on screen by the minute, breaks, limits, and what agencies and people set of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0020_second_view"),
        ("workbench", "0005_api_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CareChoice",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("break_after", models.PositiveSmallIntegerField(null=True)),
                ("break_minutes", models.PositiveSmallIntegerField(null=True)),
                ("day_minutes", models.PositiveSmallIntegerField(null=True)),
                ("shift_end", models.TimeField(null=True)),
                ("blur", models.BooleanField(default=True)),
                ("grey", models.BooleanField(default=True)),
                ("tile", models.PositiveSmallIntegerField(null=True)),
                ("outcomes", models.BooleanField(default=True)),
                ("shared", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="CareRule",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workbench.agency",
                    ),
                ),
                ("break_after", models.PositiveSmallIntegerField(default=50)),
                ("break_minutes", models.PositiveSmallIntegerField(default=10)),
                ("day_minutes", models.PositiveSmallIntegerField(default=240)),
                ("shift_end", models.TimeField(null=True)),
                ("zone", models.CharField(default="UTC", max_length=60)),
                ("contact", models.CharField(blank=True, default="", max_length=400)),
                ("own_breaks", models.BooleanField(default=True)),
                ("keep_blur", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("break_after__range", (25, 60))), name="care_break_after"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("break_minutes__range", (5, 30))), name="care_break_minutes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("day_minutes__range", (30, 240))), name="care_day_minutes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScreenVisit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "token", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("token", models.UUIDField()),
                ("reported_at", models.DateTimeField()),
                ("ms", models.PositiveBigIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Break",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("asked", models.BooleanField(default=False)),
                ("skipped", models.BooleanField(default=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "started_at"], name="break_of_person")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("user",), name="one_break_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("started_at"))), name="break_has_length"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("by_name", models.CharField(max_length=120)),
                ("day", models.DateField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "day"], name="override_of_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("by", models.F("user")), _negated=True), name="override_for_another"
                    ),
                    models.CheckConstraint(condition=models.Q(("minutes__range", (15, 60))), name="override_minutes"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LimitReached",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "day"), name="limit_reached_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="ScreenMinute",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "minute", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("ms", models.PositiveIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ms__gt", 0), ("ms__lte", 60000)), name="screen_minute_is_one"
                    )
                ],
            },
        ),
    ]
