
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('hashsets', '0007_partition_lock_order'),
        ('workbench', '0004_job_subject'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='scheme',
            name='mappings',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='scheme',
            name='owner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='workbench.agency'),
        ),
        migrations.AddField(
            model_name='scheme',
            name='source',
            field=models.CharField(default='', max_length=300),
        ),
        migrations.CreateModel(
            name='SchemeDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('scheme_id', models.CharField(max_length=60)),
                ('version', models.PositiveIntegerField()),
                ('doc', models.JSONField()),
                ('edits', models.PositiveIntegerField(default=1)),
                ('state', models.CharField(choices=[('open', 'Draft'), ('approved', 'In force'), ('discarded', 'Discarded')], default='open', max_length=10)),
                ('edited_by_name', models.CharField(max_length=120)),
                ('edited_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('edited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='workbench.agency')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('scheme_id',), name='one_draft_of_a_scheme'), models.CheckConstraint(condition=models.Q(('approved_by', models.F('edited_by')), _negated=True), name='scheme_approved_by_another')],
            },
        ),
    ]
