"""Films: moments that are marked and not decided on, how loud they are, and what a person heard, by day."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0029_moments_in_range"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptMoment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_ms", models.PositiveIntegerField()),
                ("until_ms", models.PositiveIntegerField(null=True)),
                ("at", models.DateTimeField(db_default=Now())),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.item",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["item", "by"], name="kept_moment_once"),
                    models.CheckConstraint(
                        condition=Q(until_ms__isnull=True) | Q(until_ms__gte=F("from_ms")),
                        name="kept_moment_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Loudness",
            fields=[
                (
                    "content",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.content",
                    ),
                ),
                ("peaks", models.BinaryField(default=bytes)),
                ("over", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, default="", max_length=40)),
            ],
        ),
        migrations.AddIndex("listening", models.Index(fields=["user", "at"], name="listening_user")),
    ]
