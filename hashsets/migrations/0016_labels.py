"""Names of categories in other languages, as data of their scheme."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0015_list_upload")]

    operations = [
        migrations.AddField(
            "category",
            "labels",
            models.JSONField(default=dict, db_default=models.Value({}, models.JSONField())),
        ),
    ]
