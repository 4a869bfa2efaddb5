"""The set that mirrors another organisation's finds its entries by their public ids, which others name them by."""

from django.db import migrations

# Only a mirror is asked so, and only its partition gets the index: a list of 10 million would pay for it in vain.
# Runs with the owner's rights: the application role may not create indexes. Called before the first entry is there.
CREATE = """
CREATE FUNCTION hashsets_index_names(of_set bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF to_regclass(format('public.hashsets_entry_%s_names', of_set)) IS NULL THEN
    EXECUTE format('CREATE INDEX hashsets_entry_%s_names ON public.hashsets_entry_%s (public_id)', of_set, of_set);
  END IF;
END $$;
"""
DROP = """
DROP FUNCTION hashsets_index_names(bigint);
DO $$
DECLARE index regclass;
BEGIN
  FOR index IN SELECT oid::regclass FROM pg_class
    WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace AND relname ~ '^hashsets_entry_[0-9]+_names$'
  LOOP
    EXECUTE format('DROP INDEX %s', index);
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0019_vote_proof")]
    operations = [migrations.RunSQL(CREATE, DROP)]
