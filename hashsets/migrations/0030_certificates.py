"""TLS certificates of peers in a table of their own: proposed by one person, confirmed by another (decision 0026).

What a peer had in its row goes: nothing but a script could set it.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0029_courier"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="PeerCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("subject", models.CharField(default="", max_length=300)),
                ("until", models.DateTimeField(null=True)),
                (
                    "use",
                    models.CharField(
                        choices=[("", "Not used"), ("enough", "Instead of a token"), ("needed", "Beside the token")],
                        max_length=10,
                    ),
                ),
                ("by_name", models.CharField(max_length=120)),
                ("confirmed_by_name", models.CharField(default="", max_length=120)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint("peer", "peer_certificate_known"),
        migrations.RemoveConstraint("peer", "peer_of_certificate"),
        migrations.RemoveField("peer", "certificate"),
        migrations.RemoveField("peer", "certificate_use"),
        migrations.AddField(
            "peercertificate",
            "by",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            "peercertificate",
            "confirmed_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "peercertificate",
            "peer",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="hashsets.peer"
            ),
        ),
        migrations.AddConstraint(
            "peercertificate",
            models.CheckConstraint(condition=~Q(confirmed_by=F("by")), name="peer_certificate_by_another"),
        ),
        migrations.AddConstraint(
            "peercertificate",
            models.CheckConstraint(
                condition=Q(use="", digest=None, until=None)
                | ~Q(use="") & Q(digest__isnull=False, until__isnull=False),
                name="peer_certificate_whole",
            ),
        ),
        migrations.AddConstraint(
            "peercertificate",
            models.UniqueConstraint(
                condition=Q(confirmed_by=None, ended_at=None), fields=("peer",), name="peer_certificate_proposed_once"
            ),
        ),
        migrations.AddConstraint(
            "peercertificate",
            models.UniqueConstraint(
                condition=Q(confirmed_by__isnull=False, ended_at=None),
                fields=("peer",),
                name="peer_certificate_in_force_once",
            ),
        ),
        migrations.AddConstraint(
            "peercertificate",
            models.UniqueConstraint(
                condition=Q(confirmed_by__isnull=False, ended_at=None, use="enough"),
                fields=("digest",),
                name="peer_of_certificate",
            ),
        ),
    ]
