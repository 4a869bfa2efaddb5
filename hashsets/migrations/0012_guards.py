"""What is harmless closes an item only where the policy may discard; nobody approves a scheme he wrote at.

By its disposition, whatever its code is: schemes write "not pertinent" as 0, 5 or 8. Before, only code 0 and known-good
sets waited for `may_discard`. Of a draft everybody is kept who ever edited it, not only the last one.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

EFFECT = """
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
    WHEN {harmless} AND NOT may_discard THEN 1
    ELSE 2
  END)::smallint
$$;
"""
NOW = EFFECT.format(harmless="(role = 'known-good' OR disposition = 'not_relevant')")
BEFORE = EFFECT.format(harmless="(role = 'known-good' OR code = '0')")


# Of drafts that are there, the log tells who edited them.
FILL = """
UPDATE hashsets_schemedraft d SET editors = array(
  SELECT d.edited_by_id UNION SELECT u.id FROM workbench_auditevent e JOIN workbench_user u ON u.username = e.actor
  WHERE e.verb = 'scheme.draft' AND e.subject = 'schemedraft:' || d.public_id ORDER BY 1);
UPDATE hashsets_schemedraft SET editors = array_remove(editors, approved_by_id) WHERE approved_by_id IS NOT NULL;
ALTER TABLE hashsets_schemedraft ADD CONSTRAINT scheme_approved_by_no_editor CHECK (NOT approved_by_id = ANY (editors));
"""
UNFILL = "ALTER TABLE hashsets_schemedraft DROP CONSTRAINT scheme_approved_by_no_editor;"


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0010_comparison")]
    operations = [
        migrations.RunSQL(NOW, BEFORE),
        migrations.AddField(
            model_name="schemedraft",
            name="editors",
            field=django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list, size=None),
        ),
        migrations.RunSQL(FILL, UNFILL),
    ]
