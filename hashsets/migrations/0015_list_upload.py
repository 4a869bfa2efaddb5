"""Uploads of lists that come piece by piece."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hashsets', '0014_watched'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ListUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('fingerprint', models.CharField(default='', max_length=64)),
                ('offset', models.BigIntegerField(default=0)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hashsets.hashset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('fingerprint', ''), _negated=True), fields=('set', 'by', 'name', 'size', 'fingerprint'), name='list_upload_once'), models.CheckConstraint(condition=models.Q(('offset__gte', 0), ('offset__lte', models.F('size'))), name='list_upload_within')],
            },
        ),
    ]
