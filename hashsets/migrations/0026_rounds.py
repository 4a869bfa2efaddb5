"""A set is shared by two people. What was shared before stays shared, by one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("hashsets", "0025_packages")]
    operations = [
        migrations.AddField("share", "waiting", models.BooleanField(default=False)),
        migrations.AddField(
            "share",
            "confirmed_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("share", "confirmed_by_name", models.CharField(default="", max_length=120)),
        migrations.RemoveConstraint("share", "shared_once"),
        migrations.AddConstraint(
            "share",
            models.UniqueConstraint(
                condition=Q(ended_at__isnull=True, waiting=False), fields=("peer", "set"), name="shared_once"
            ),
        ),
        migrations.AddConstraint(
            "share",
            models.UniqueConstraint(
                condition=Q(ended_at__isnull=True, waiting=True), fields=("peer", "set"), name="share_asked_once"
            ),
        ),
        migrations.AddConstraint(
            "share",
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("by")) & ~Q(confirmed_by__isnull=False, waiting=True),
                name="shared_by_another",
            ),
        ),
    ]
