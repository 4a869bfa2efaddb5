"""A new set's partition is made after whoever writes matches, never in a ring with them."""

from django.db import migrations

# Making a partition locks the entries, and then each table that refers to them. Whoever matches takes the two the
# other way round: writes matches, then reads entries. So the tables that refer come first here too.
CREATE = """
CREATE OR REPLACE FUNCTION hashsets_add_partition() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE referring regclass;
BEGIN
  FOR referring IN
    SELECT DISTINCT conrelid::regclass FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'public.hashsets_entry'::regclass AND conparentid = 0 ORDER BY 1
  LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', referring);
  END LOOP;
  EXECUTE format('CREATE TABLE public.hashsets_entry_%s PARTITION OF public.hashsets_entry FOR VALUES IN (%s)',
                 NEW.id, NEW.id);
  RETURN NULL;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION hashsets_add_partition() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('CREATE TABLE public.hashsets_entry_%s PARTITION OF public.hashsets_entry FOR VALUES IN (%s)',
                 NEW.id, NEW.id);
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0006_publishing_set_in_use")]
    operations = [migrations.RunSQL(CREATE, BEFORE)]
