"""Films: pieces that were played or heard, the moment a decision rests on, equal frames that were left out."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0024_notes"),
        ("hashsets", "0015_list_upload"),
        ("workbench", "0005_api_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Listening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("heard_ms", models.PositiveIntegerField(null=True)),
                ("from_ms", models.PositiveIntegerField()),
                ("until_ms", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="decision",
            name="from_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="until_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="keyframe",
            name="folded",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="secondopinion",
            name="from_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="secondopinion",
            name="until_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="secondview",
            name="from_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="secondview",
            name="until_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="viewing",
            name="from_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="viewing",
            name="until_ms",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_ms__isnull", True),
                    models.Q(("from_ms__isnull", False), ("until_ms__gte", models.F("from_ms"))),
                    _connector="OR",
                ),
                name="decision_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondopinion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_ms__isnull", True),
                    models.Q(("from_ms__isnull", False), ("until_ms__gte", models.F("from_ms"))),
                    _connector="OR",
                ),
                name="second_opinion_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_ms__isnull", True),
                    models.Q(("from_ms__isnull", False), ("until_ms__gte", models.F("from_ms"))),
                    _connector="OR",
                ),
                name="second_view_moment",
            ),
        ),
        migrations.AddField(
            model_name="listening",
            name="batch",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="cases.batch"),
        ),
        migrations.AddField(
            model_name="listening",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.case"),
        ),
        migrations.AddField(
            model_name="listening",
            name="content",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.content"),
        ),
        migrations.AddField(
            model_name="listening",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name="listening",
            index=models.Index(fields=["content", "user"], name="listening_content"),
        ),
    ]
