"""Courier files on pages: which are kept here and with what in them, and those that a browser sends piece by piece."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0028_trust"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("package", "full", models.BooleanField(default=False)),
        migrations.AddField("package", "size", models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name="PackageUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("size", models.BigIntegerField()),
                ("fingerprint", models.CharField(default="", max_length=64)),
                ("offset", models.BigIntegerField(default=0)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=~Q(fingerprint=""),
                        fields=("by", "name", "size", "fingerprint"),
                        name="package_upload_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(offset__gte=0, offset__lte=F("size")), name="package_upload_within"
                    ),
                ],
            },
        ),
    ]
