"""What a person changed of the keys, with the person: every page needs it."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("workbench", "0005_api_token")]

    operations = [
        migrations.AddField(
            "user", "keyboard", models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
        ),
    ]
