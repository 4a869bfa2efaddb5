"""What the sets make of a content where they disagree: nothing closes it and nothing proposes; a person looks."""

from django.db import migrations

# Effects count where a set may act at all; then two dispositions are a conflict (vics.md section 8, rules 4 and 5).
CREATE = """
CREATE OR REPLACE FUNCTION cases_effect(of_content bigint, for_agency bigint) RETURNS smallint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT CASE WHEN min(r.disposition) FILTER (WHERE r.effect > 0)
                         <> max(r.disposition) FILTER (WHERE r.effect > 0) THEN 0 ELSE max(r.effect) END
          FROM cases_match k JOIN hashsets_verdict r
            ON r.agency_id = for_agency AND r.set_id = k.set_id AND r.entry_id = k.entry
          WHERE k.content_id = of_content AND k.lost_in IS NULL AND k.strong);
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION cases_effect(of_content bigint, for_agency bigint) RETURNS smallint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT max(r.effect) FROM cases_match k JOIN hashsets_verdict r
            ON r.agency_id = for_agency AND r.set_id = k.set_id AND r.entry_id = k.entry
          WHERE k.content_id = of_content AND k.lost_in IS NULL AND k.strong);
END $$;
"""
# Rules that differ from those in force: the next sweep matches every set again and settles its items.
AGAIN = "UPDATE cases_setsync SET rules = '';"


class Migration(migrations.Migration):
    dependencies = [("cases", "0015_decision_case"), ("hashsets", "0009_entry_hashes")]
    operations = [migrations.RunSQL(CREATE, BEFORE), migrations.RunSQL(AGAIN, AGAIN)]
