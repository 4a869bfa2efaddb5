"""What the sets make of a content, as a function: its plan is kept by the connection, where a join is planned anew."""

from django.db import migrations

CREATE = """
CREATE FUNCTION cases_effect(of_content bigint, for_agency bigint) RETURNS smallint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT max(r.effect) FROM cases_match k JOIN hashsets_verdict r
            ON r.agency_id = for_agency AND r.set_id = k.set_id AND r.entry_id = k.entry
          WHERE k.content_id = of_content AND k.lost_in IS NULL AND k.strong);
END $$;
"""
DROP = "DROP FUNCTION cases_effect(bigint, bigint);"


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_item_by_state"), ("hashsets", "0005_analyse")]
    operations = [migrations.RunSQL(CREATE, DROP)]
