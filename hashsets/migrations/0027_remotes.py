"""What a page tells of a following: what came, when it was asked, who stopped it, and what a failure was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0026_rounds")]
    operations = [
        migrations.AddField("remote", "code", models.CharField(default="", max_length=40)),
        migrations.AddField("remote", "counts", models.JSONField(default=dict)),
        migrations.AddField("remote", "asked_at", models.DateTimeField(null=True)),
        migrations.AddField("remote", "failure_code", models.CharField(default="", max_length=60)),
        migrations.AddField("remote", "paused_by_name", models.CharField(default="", max_length=120)),
    ]
