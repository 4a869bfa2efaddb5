"""Re-matches of many: what the sets make of many contents in one join, and pictures that are decoded meanwhile."""

import django.db.models.deletion
from django.db import migrations, models

# The one rule of what sets make of a content (model.md section 4). Effects count where a set may act at all; then two
# dispositions are a conflict: nothing closes it and nothing proposes (vics.md section 8, rules 4 and 5). The planner
# takes the first function apart, so it is a join of the statement it stands in; the second keeps its plan.
CREATE = """
CREATE FUNCTION cases_effects(contents bigint[]) RETURNS TABLE (content_id bigint, effect smallint)
LANGUAGE sql STABLE AS $$
  SELECT k.content_id, (CASE WHEN min(r.disposition) FILTER (WHERE r.effect > 0)
                               <> max(r.disposition) FILTER (WHERE r.effect > 0) THEN 0 ELSE max(r.effect) END)::smallint
  FROM cases_match k JOIN cases_content c ON c.id = k.content_id
  JOIN hashsets_verdict r ON r.agency_id = c.agency_id AND r.set_id = k.set_id AND r.entry_id = k.entry
  WHERE k.content_id = ANY (contents) AND k.lost_in IS NULL AND k.strong GROUP BY k.content_id
$$;
DROP FUNCTION cases_effect(bigint, bigint);
CREATE FUNCTION cases_effect(of_content bigint) RETURNS smallint LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT e.effect FROM cases_effects(ARRAY[of_content]) e);
END $$;
"""
BEFORE = """
DROP FUNCTION cases_effect(bigint);
DROP FUNCTION cases_effects(bigint[]);
CREATE FUNCTION cases_effect(of_content bigint, for_agency bigint) RETURNS smallint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT CASE WHEN min(r.disposition) FILTER (WHERE r.effect > 0)
                         <> max(r.disposition) FILTER (WHERE r.effect > 0) THEN 0 ELSE max(r.effect) END
          FROM cases_match k JOIN hashsets_verdict r
            ON r.agency_id = for_agency AND r.set_id = k.set_id AND r.entry_id = k.entry
          WHERE k.content_id = of_content AND k.lost_in IS NULL AND k.strong);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0017_setsync_moved"), ("hashsets", "0010_comparison")]
    operations = [
        migrations.RunSQL(CREATE, BEFORE),
        migrations.CreateModel(
            name="NearDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.BigIntegerField()),
                (
                    "sync",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.setsync"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("sync", "content"), name="near_due_once")],
            },
        ),
    ]
