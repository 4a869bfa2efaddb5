"""Certificates are rows of their own, which two people put in force (decision 0026).

One that a peer had to show beside its token is still needed, in the name of the two who paired it, until the end that it
has itself, which nobody knew before. One in the place of a token is proposed anew: the peer signs in by its token.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


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

    dependencies = [
        ('hashsets', '0029_courier'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PeerCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, null=True)),
                ('subject', models.CharField(default='', max_length=300)),
                ('until', models.DateTimeField(null=True)),
                ('use', models.CharField(choices=[('', 'Not used'), ('enough', 'Instead of a token'), ('needed', 'Beside the token')], max_length=10)),
                ('by_name', models.CharField(max_length=120)),
                ('confirmed_by_name', models.CharField(default='', max_length=120)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='peercertificate',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='peercertificate',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='peercertificate',
            name='peer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='hashsets.peer'),
        ),
        migrations.RunSQL(KEEP, BACK),
        migrations.RemoveConstraint(
            model_name='peer',
            name='peer_certificate_known',
        ),
        migrations.RemoveConstraint(
            model_name='peer',
            name='peer_of_certificate',
        ),
        migrations.RemoveField(
            model_name='peer',
            name='certificate',
        ),
        migrations.RemoveField(
            model_name='peer',
            name='certificate_use',
        ),
        migrations.AddConstraint(
            model_name='peercertificate',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', models.F('by')), _negated=True), name='peer_certificate_by_another'),
        ),
        migrations.AddConstraint(
            model_name='peercertificate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('digest', None), ('until', None), ('use', '')), models.Q(models.Q(('use', ''), _negated=True), ('digest__isnull', False), ('until__isnull', False)), _connector='OR'), name='peer_certificate_whole'),
        ),
        migrations.AddConstraint(
            model_name='peercertificate',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_by', None), ('ended_at', None)), fields=('peer',), name='peer_certificate_proposed_once'),
        ),
        migrations.AddConstraint(
            model_name='peercertificate',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_by__isnull', False), ('ended_at', None)), fields=('peer',), name='peer_certificate_in_force_once'),
        ),
        migrations.AddConstraint(
            model_name='peercertificate',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_by__isnull', False), ('ended_at', None), ('use', 'enough')), fields=('digest',), name='peer_of_certificate'),
        ),
    ]
