"""Second views: shares, the queue of what is wanted, disagreements; a batch may be of either kind."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


# Who decided and who ruled is who the decision says.
GUARD = """
ALTER TABLE cases_disagreement ADD CONSTRAINT disagreement_names_who_decided
  FOREIGN KEY (decision_id, decided_by_id) REFERENCES cases_decision (id, by_id);
ALTER TABLE cases_disagreement ADD CONSTRAINT ruling_names_who_ruled
  FOREIGN KEY (ruling_id, ruled_by_id) REFERENCES cases_decision (id, by_id);
"""
UNGUARD = """
ALTER TABLE cases_disagreement DROP CONSTRAINT ruling_names_who_ruled;
ALTER TABLE cases_disagreement DROP CONSTRAINT disagreement_names_who_decided;
"""
# What was kept as a conflict and still differs from what stands asks for a ruling; what somebody was unsure of, for
# another person. Decisions made before are not drawn: their people were told of no second view.
BEFORE = """
INSERT INTO cases_disagreement (public_id, decision_id, opinion_id, case_id, decided_by_id, given_by_id, at)
SELECT gen_random_uuid(), d.id, o.id, d.case_id, d.by_id, o.by_id, o.at
FROM cases_secondopinion o JOIN cases_decision d ON d.id = o.decision_id AND d.code <> o.code
JOIN cases_standing st ON st.decision_id = d.id;
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, first_batch_id, why, not_for, sort_key, state,
  version, position, mark, at)
SELECT gen_random_uuid(), i.case_id, i.id, i.content_id, a.batch_id, 'unsure', ARRAY[a.user_id],
  left(md5(i.public_id::text), 16), 'open', 1, 0, '', a.at
FROM cases_item i CROSS JOIN LATERAL (
  SELECT a.user_id, a.batch_id, a.at FROM cases_act a WHERE a.stack_id = i.stack_id AND a.cover_id = i.id
    AND a.kind IN ('unsure', 'redo') ORDER BY a.id DESC LIMIT 1) a
WHERE i.unsure;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0023_films"),
        ("workbench", "0005_api_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Disagreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SecondShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scheme_id", models.CharField(max_length=60)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("percent", models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SecondView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("sample", "Sample"),
                            ("unsure", "Unsure"),
                            ("flag", "Flagged"),
                            ("conflict", "Decided at once"),
                            ("check", "Check"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "not_for",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("sort_key", models.CharField(db_collation="C", max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dropped", "Dropped")],
                        default="open",
                        max_length=7,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("position", models.PositiveIntegerField(default=0)),
                ("code", models.CharField(max_length=40, null=True)),
                ("mark", models.CharField(blank=True, default="", max_length=7)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="batch",
            name="one_open_batch",
        ),
        migrations.AddField(
            model_name="batch",
            name="kind",
            field=models.CharField(
                choices=[("first", "First"), ("second", "Second")], db_default="first", default="first", max_length=6
            ),
        ),
        migrations.AddField(
            model_name="secondopinion",
            name="basis",
            field=models.CharField(
                choices=[("viewed", "Viewed"), ("veiled", "Veiled"), ("inherited", "Inherited")],
                default="veiled",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("user", "case", "kind"), name="one_open_batch"
            ),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.case"),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="decided_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="decision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="disagreements", to="cases.decision"
            ),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="given_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="opinion",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="cases.secondopinion"),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="ruled_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="disagreement",
            name="ruling",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cases.decision",
            ),
        ),
        migrations.AddField(
            model_name="secondshare",
            name="agency",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="workbench.agency"),
        ),
        migrations.AddField(
            model_name="secondview",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="second_views",
                to="cases.batch",
            ),
        ),
        migrations.AddField(
            model_name="secondview",
            name="case",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="cases.case"),
        ),
        migrations.AddField(
            model_name="secondview",
            name="content",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.content"
            ),
        ),
        migrations.AddField(
            model_name="secondview",
            name="decision",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="second_views", to="cases.decision"
            ),
        ),
        migrations.AddField(
            model_name="secondview",
            name="first_batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cases.batch",
            ),
        ),
        migrations.AddField(
            model_name="secondview",
            name="item",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.item"),
        ),
        migrations.AddField(
            model_name="act",
            name="view",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="cases.secondview"
            ),
        ),
        migrations.AddIndex(
            model_name="disagreement",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)), fields=["id"], name="disagreement_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="disagreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ruled_by__isnull", True),
                    models.Q(
                        models.Q(("ruled_by", models.F("decided_by")), _negated=True),
                        models.Q(("ruled_by", models.F("given_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ruled_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="disagreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ruled_by__isnull", True), ("ruling__isnull", True)),
                    models.Q(("closed_at__isnull", False), ("ruled_by__isnull", False), ("ruling__isnull", False)),
                    _connector="OR",
                ),
                name="ruling_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="secondshare",
            constraint=models.UniqueConstraint(fields=("agency", "scheme_id", "code"), name="second_share_once"),
        ),
        migrations.AddConstraint(
            model_name="secondshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__lte", 100)), name="second_share_in_a_hundred"
            ),
        ),
        migrations.AddIndex(
            model_name="secondview",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["case", "sort_key", "id"], name="second_view_queue"
            ),
        ),
        migrations.AddIndex(
            model_name="secondview",
            index=models.Index(
                condition=models.Q(("batch__isnull", False)), fields=["batch", "position"], name="second_view_batch"
            ),
        ),
        migrations.AddConstraint(
            model_name="secondview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("decision",), name="second_view_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="secondview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision__isnull", True), ("state", "open")),
                fields=("item",),
                name="second_view_of_unsure_once",
            ),
        ),
        migrations.AddIndex(
            model_name="secondopinion",
            index=models.Index(fields=["at"], name="second_opinion_at"),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
