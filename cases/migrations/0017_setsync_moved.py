"""A re-match of many contents is several transactions: what it moved so far is kept until it tells."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0016_conflict'),
    ]

    operations = [
        migrations.AddField(
            model_name='setsync',
            name='moved',
            field=models.JSONField(null=True),
        ),
    ]
