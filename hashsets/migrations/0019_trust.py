"""Votes that were taken back, resolutions of disputes, and what a known-good set of decisions may do.

Decisions that a file is harmless go to a set of their own where an agency has one: known-good, and receiving offers. It
proposes nothing below `corroborated`, and closes nothing below `trusted` (sharing.md section 5). To the rule of migration
0003 its role is `candidate`.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models

RULE = """
CREATE OR REPLACE VIEW hashsets_rule AS
SELECT a.id AS agency_id, s.id AS set_id, d.disposition, {role} AS role, s.generation,
  s.retired_at IS NOT NULL AS retired,
  COALESCE(one.action, every.action, CASE WHEN s.owner_id = a.id THEN 'accept' ELSE 'propose' END) AS action,
  {min_trust} AS min_trust,
  COALESCE(one.may_discard, every.may_discard, false) AS may_discard
FROM workbench_agency a
JOIN hashsets_hashset s ON s.owner_id = a.id OR s.reach = 'node'
CROSS JOIN (VALUES ('relevant'), ('relevant_restricted'), ('comparison'), ('not_relevant'), ('no_verdict'),
                   ('unmapped')) AS d (disposition)
LEFT JOIN hashsets_policy one ON one.agency_id = a.id AND one.set_id = s.id AND one.disposition = d.disposition
LEFT JOIN hashsets_policy every ON every.agency_id = a.id AND every.set_id = s.id AND every.disposition IS NULL;
CREATE OR REPLACE FUNCTION hashsets_effect_by(
  role text, retired boolean, action text, min_trust text, may_discard boolean,
  code text, disposition text, trust text, conflict boolean, state text
) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE
    WHEN retired OR conflict OR state <> 'published' OR trust = 'disputed' THEN 0
    WHEN role = 'comparison' OR disposition NOT IN ('relevant', 'relevant_restricted', 'not_relevant') THEN 0
    WHEN hashsets_trust_rank(trust) < greatest(hashsets_trust_rank(min_trust), 1) THEN 0
    WHEN action = 'propose' THEN 1
    WHEN action NOT IN ('accept', 'hide') THEN 0
    {candidate}WHEN (role = 'known-good' OR code = '0') AND NOT may_discard THEN 1
    ELSE 2
  END)::smallint
$$;
"""
MIN_TRUST = (
    """COALESCE(one.min_trust, every.min_trust, CASE WHEN s.owner_id = a.id THEN 'provisional' ELSE 'trusted' END)"""
)
CANDIDATE = "s.role = 'known-good' AND s.receives_offers"
NOW = RULE.format(
    role=f"(CASE WHEN {CANDIDATE} THEN 'candidate' ELSE s.role END)::varchar(20)",
    min_trust=f"""(CASE WHEN {CANDIDATE} AND {MIN_TRUST} = 'provisional' THEN 'corroborated'
    ELSE {MIN_TRUST} END)::varchar""",
    candidate="WHEN role = 'candidate' AND (NOT may_discard OR trust <> 'trusted') THEN 1\n    ",
)
BEFORE = RULE.format(role="s.role", min_trust=MIN_TRUST, candidate="")

# Opinions that ended without another of the same organisation in their place were taken back. What was judged before
# learns how many organisations looked: in its row, since nobody reads these sets from outside yet.
TAKEN_BACK = """
UPDATE hashsets_vote v SET current = true, withdrawn_after = v.id, withdrawn_at = v.at
WHERE v.id IN (
  SELECT max(id) FROM hashsets_vote GROUP BY set_id, ident, twin, organisation HAVING NOT bool_or(current));
UPDATE hashsets_entry e SET raw = e.raw || jsonb_build_object('votes', n.votes, 'spread', greatest(n.spread, 1))
FROM (SELECT set_id, ident, twin, count(DISTINCT organisation) AS votes, count(DISTINCT code) AS spread
      FROM hashsets_vote WHERE current AND withdrawn_after IS NULL AND basis = 'viewed' GROUP BY 1, 2, 3) n
WHERE e.set_id = n.set_id AND e.ident = n.ident AND e.twin = n.twin AND e.removed_in IS NULL;
"""
NOT_TAKEN_BACK = """
UPDATE hashsets_vote SET current = false WHERE withdrawn_after IS NOT NULL;
UPDATE hashsets_entry SET raw = raw - 'votes' - 'spread' WHERE raw ? 'votes';
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON hashsets_resolution
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hashsets", "0018_mirror_names"),
        ("workbench", "0007_language"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Resolution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("ident", models.BinaryField()),
                ("twin", models.PositiveSmallIntegerField(default=0)),
                (
                    "disposition",
                    models.CharField(
                        choices=[
                            ("relevant", "Relevant"),
                            ("relevant_restricted", "Relevant, restricted"),
                            ("comparison", "Comparison"),
                            ("not_relevant", "Not relevant"),
                            ("no_verdict", "No verdict"),
                            ("unmapped", "Unmapped"),
                        ],
                        max_length=30,
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("reason", models.CharField(max_length=400)),
                ("after", models.BigIntegerField()),
                ("by_name", models.CharField(max_length=120)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="hashset",
            name="one_publishing_set",
        ),
        migrations.AddField(
            model_name="vote",
            name="origin",
            field=models.CharField(
                choices=[
                    ("decision", "Decision approved by two people"),
                    ("word", "Word of a supervisor"),
                    ("peer", "Received from the organisation"),
                ],
                default="decision",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="reason",
            field=models.CharField(blank=True, default="", max_length=400),
        ),
        migrations.AddField(
            model_name="vote",
            name="withdrawn_after",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="vote",
            name="withdrawn_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="vote",
            index=models.Index(fields=["set", "ident", "twin", "id"], name="vote_of_entry"),
        ),
        migrations.AddConstraint(
            model_name="hashset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("receives_offers", True), ("retired_at__isnull", True)),
                fields=("owner", "scheme", "role"),
                name="one_publishing_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_after__isnull", True), ("withdrawn_at__isnull", True)),
                    models.Q(("withdrawn_after__gte", models.F("id")), ("withdrawn_at__isnull", False)),
                    _connector="OR",
                ),
                name="vote_taken_back_after_it",
            ),
        ),
        migrations.AddField(
            model_name="resolution",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="resolution",
            name="set",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="resolutions", to="hashsets.hashset"
            ),
        ),
        migrations.AddIndex(
            model_name="resolution",
            index=models.Index(fields=["set", "ident", "twin", "id"], name="resolution_of_entry"),
        ),
        migrations.RunSQL(TAKEN_BACK, NOT_TAKEN_BACK),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON hashsets_resolution"),
        migrations.RunSQL(NOW, BEFORE),
    ]
