"""Uploads that are announced and resumed, and the entries of the drop folder."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0010_control'),
    ]

    operations = [
        migrations.CreateModel(
            name='AnnouncedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_key', models.BinaryField(max_length=32)),
                ('raw_path', models.BinaryField()),
                ('size', models.BigIntegerField()),
                ('exhibit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announced', to='cases.exhibit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('exhibit', 'name_key', 'size'), name='announced_once')],
            },
        ),
        migrations.CreateModel(
            name='DropEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_key', models.BinaryField(max_length=32, unique=True)),
                ('raw_path', models.BinaryField()),
                ('stamp', models.BinaryField(max_length=32)),
                ('still_since', models.DateTimeField()),
                ('refusal', models.CharField(blank=True, default='', max_length=300)),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cases.case')),
                ('exhibit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='cases.exhibit')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('refusal', ''), _negated=True), fields=['case', 'id'], name='drop_refused')],
            },
        ),
        migrations.CreateModel(
            name='ResumableUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name_key', models.BinaryField(max_length=32)),
                ('raw_path', models.BinaryField()),
                ('size', models.BigIntegerField()),
                ('fingerprint', models.CharField(blank=True, default='', max_length=200)),
                ('offset', models.BigIntegerField(default=0)),
                ('entered', models.BooleanField(default=False)),
                ('expires_at', models.DateTimeField()),
                ('exhibit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='cases.exhibit')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('entered', False)), fields=['expires_at'], name='upload_expires')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('fingerprint', ''), _negated=True), fields=('exhibit', 'name_key', 'size', 'fingerprint'), name='upload_once'), models.CheckConstraint(condition=models.Q(('offset__gte', 0), ('offset__lte', models.F('size'))), name='upload_offset_within')],
            },
        ),
    ]
