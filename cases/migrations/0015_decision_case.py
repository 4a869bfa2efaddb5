
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0014_near_matches'),
        ('hashsets', '0009_entry_hashes'),
        ('workbench', '0005_api_token'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['case', 'id'], name='decision_case'),
        ),
    ]
