"""Certificates are rows of their own, which two people put in force (decision 0026).

One that a peer had to show beside its token is still needed, in the name of the two who paired it, until the end that it
has itself, which nobody knew before. One in the place of a token is proposed anew: the peer signs in by its token.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


KEEP = """
INSERT INTO hashsets_peercertificate
  (peer_id, digest, subject, until, use, by_id, by_name, confirmed_by_id, confirmed_by_name, at)
SELECT id, certificate, '', '9999-12-31T00:00:00Z', 'needed', proposed_by_id, proposed_by_name, confirmed_by_id,
  confirmed_by_name, now()
FROM hashsets_peer WHERE certificate_use = 'needed' AND confirmed_by_id <> proposed_by_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
BACK = """
UPDATE hashsets_peer p SET certificate = c.digest, certificate_use = c.use FROM hashsets_peercertificate c
WHERE c.peer_id = p.id AND c.use <> '' AND c.confirmed_by_id IS NOT NULL AND c.ended_at IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


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
        migrations.RunSQL(KEEP, BACK),
        migrations.RemoveConstraint("peer", "peer_certificate_known"),
        migrations.RemoveConstraint("peer", "peer_of_certificate"),
        migrations.RemoveField("peer", "certificate"),
        migrations.RemoveField("peer", "certificate_use"),
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
