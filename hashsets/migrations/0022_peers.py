"""Sets that are read of peers: who reads one may match against it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

RULE = """
CREATE OR REPLACE VIEW hashsets_rule AS
SELECT a.id AS agency_id, s.id AS set_id, d.disposition, s.role, s.generation, s.retired_at IS NOT NULL AS retired,
  COALESCE(one.action, every.action, CASE WHEN s.owner_id = a.id THEN 'accept' ELSE 'propose' END) AS action,
  COALESCE(one.min_trust, every.min_trust, CASE WHEN s.owner_id = a.id THEN 'provisional' ELSE 'trusted' END)
    AS min_trust,
  COALESCE(one.may_discard, every.may_discard, false) AS may_discard
FROM workbench_agency a
JOIN hashsets_hashset s ON {uses}
CROSS JOIN (VALUES ('relevant'), ('relevant_restricted'), ('comparison'), ('not_relevant'), ('no_verdict'),
                   ('unmapped')) AS d (disposition)
LEFT JOIN hashsets_policy one ON one.agency_id = a.id AND one.set_id = s.id AND one.disposition = d.disposition
LEFT JOIN hashsets_policy every ON every.agency_id = a.id AND every.set_id = s.id AND every.disposition IS NULL;
"""
BEFORE = RULE.format(uses="s.owner_id = a.id OR s.reach = 'node'")
NOW = RULE.format(uses="a.id IN (s.owner_id, s.reader_id) OR s.reach = 'node'")


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0018_mirror_names"), ("hashsets", "0020_vote_proof"), ("workbench", "0007_language")]

    operations = [
        migrations.AddField(
            model_name="hashset",
            name="reader",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workbench.agency"
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="collected",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="subscription",
            name="source",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="given_to", to="hashsets.hashset"
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="push_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunSQL(NOW, BEFORE),
    ]
