"""Lets the application role refresh the planner's figures of one set after an import."""

from django.db import migrations

CREATE = """
-- Runs with the owner's rights: only the owner of a table may analyse it.
CREATE FUNCTION hashsets_analyse(of_set bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('ANALYZE public.hashsets_entry_%s', of_set);
END $$;
"""
DROP = "DROP FUNCTION hashsets_analyse(bigint);"


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0004_one_publishing_set_per_scheme")]
    operations = [migrations.RunSQL(CREATE, DROP)]
