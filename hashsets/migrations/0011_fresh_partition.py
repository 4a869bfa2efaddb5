"""An empty set's first list is loaded beside its partition, indexed, and then put in the partition's place.

Loading into a table without indexes and indexing it at the end costs a third of feeding them row by row. All of it is
the import's one transaction. `media_id` is a column, as the number stands beside every entry of every list; what was
imported before keeps it in `raw`.
"""

from django.db import migrations, models

# All run with the owner's rights: the application role may not create tables.
CREATE = """
ALTER TABLE hashsets_entry ADD COLUMN media_id bigint;
ALTER SEQUENCE hashsets_entry_id_seq CACHE 200;

-- Whoever asks what came after version 0 reads all there is, and needs no index for that.
DROP INDEX hashsets_entry_added;
CREATE INDEX hashsets_entry_added ON hashsets_entry (set_id, added_in) WHERE added_in > 1;

CREATE FUNCTION hashsets_fresh_make(of_set bigint, generation integer, trust text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  -- Like the set's own partition: the whole is not locked before the end, so nobody else's set waits for this one.
  EXECUTE format('CREATE TABLE public.hashsets_fresh_%s (LIKE public.hashsets_entry_%s INCLUDING DEFAULTS'
                 ' INCLUDING CONSTRAINTS, CONSTRAINT in_place CHECK (set_id = %s))', of_set, of_set, of_set);
  EXECUTE format('ALTER TABLE public.hashsets_fresh_%s ALTER set_id SET DEFAULT %s, ALTER added_in SET DEFAULT %s,'
                 ' ALTER trust SET DEFAULT %L', of_set, of_set, generation, trust);
  -- Indexes in which few rows of a first list have a place: cheaper to offer each row than to read all again.
  EXECUTE format('CREATE INDEX ON public.hashsets_fresh_%s (sha256) WHERE sha256 IS NOT NULL', of_set);
  EXECUTE format('CREATE INDEX ON public.hashsets_fresh_%s (set_id, added_in) WHERE added_in > 1', of_set);
  EXECUTE format('CREATE INDEX ON public.hashsets_fresh_%s (set_id, removed_in) WHERE removed_in IS NOT NULL', of_set);
  EXECUTE format('CREATE INDEX ON public.hashsets_fresh_%s (set_id, id)'
                 ' WHERE conflict OR state <> ''published'' OR trust = ''disputed''', of_set);
  EXECUTE format('GRANT SELECT, INSERT ON public.hashsets_fresh_%s TO SESSION_USER', of_set);
END $$;

-- The other indexes that a partition must have; one the parent gets later is built when the table is put in place.
-- Two processes would be done sooner, for a fifth more work; and what is sorted in pieces that the processor's cache holds
-- takes a third of the time of one large sort (measured: 6 M digests, 0.65 us each at 16 MB against 1.9 at 1 GB).
CREATE FUNCTION hashsets_fresh_index(of_set bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET maintenance_work_mem = '16MB'
SET max_parallel_maintenance_workers = 0 AS $$
DECLARE fresh text := format('public.hashsets_fresh_%s', of_set);
BEGIN
  EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (set_id, id), ADD UNIQUE (set_id, ident, twin, added_in)', fresh);
  EXECUTE format('CREATE INDEX ON %s (md5) WHERE md5 IS NOT NULL', fresh);
  EXECUTE format('CREATE INDEX ON %s (sha1) WHERE sha1 IS NOT NULL', fresh);
END $$;

-- Locks in the order of whoever matches (migration 0007). Refuses to throw a single entry away.
CREATE FUNCTION hashsets_fresh_take(of_set bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  referring regclass;
  index regclass;
  fresh text := format('public.hashsets_fresh_%s', of_set);
  place text := format('public.hashsets_entry_%s', of_set);
  gone text;
  taken boolean;
BEGIN
  FOR referring IN
    SELECT DISTINCT conrelid::regclass FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'public.hashsets_entry'::regclass AND conparentid = 0 ORDER BY 1
  LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', referring);
  END LOOP;
  EXECUTE format('ALTER TABLE public.hashsets_entry DETACH PARTITION %s', place);
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place) INTO taken;
  IF taken THEN
    RAISE EXCEPTION 'set % has entries', of_set USING ERRCODE = 'object_in_use';
  END IF;
  -- To drop it here would lock the sets' own table against every import that goes on; the sweeper does it.
  EXECUTE format('ALTER TABLE %s RENAME TO hashsets_gone_%s', place, of_set);
  gone := format('public.hashsets_gone_%s', of_set);
  FOR index IN SELECT indexrelid::regclass FROM pg_index WHERE indrelid = gone::regclass LOOP
    EXECUTE format('ALTER INDEX %s RENAME TO %I', index, replace(index::text, 'hashsets_entry_', 'hashsets_gone_'));
  END LOOP;
  EXECUTE format('REVOKE ALL ON %s FROM SESSION_USER', fresh);
  EXECUTE format('ALTER TABLE %s ALTER set_id DROP DEFAULT, ALTER added_in DROP DEFAULT, ALTER trust DROP DEFAULT',
                 fresh);
  EXECUTE format('ALTER TABLE %s RENAME TO hashsets_entry_%s', fresh, of_set);
  FOR index IN SELECT indexrelid::regclass FROM pg_index WHERE indrelid = place::regclass LOOP
    EXECUTE format('ALTER INDEX %s RENAME TO %I', index, replace(index::text, 'hashsets_fresh_', 'hashsets_entry_'));
  END LOOP;
  EXECUTE format('ALTER TABLE public.hashsets_entry ATTACH PARTITION %s FOR VALUES IN (%s)', place, of_set);
  EXECUTE format('ALTER TABLE %s DROP CONSTRAINT in_place', place);
END $$;

-- Tables that were replaced, and are empty. Waits a second at most, for what it drops and what that refers to.
CREATE FUNCTION hashsets_gone_drop() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '1s' AS $$
DECLARE
  gone regclass;
  dropped integer := 0;
BEGIN
  FOR gone IN
    SELECT oid::regclass FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname ~ '^hashsets_gone_[0-9]+$' ORDER BY oid
  LOOP
    EXECUTE format('DROP TABLE %s', gone);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
"""
DROP = """
SELECT hashsets_gone_drop();
DROP FUNCTION hashsets_gone_drop();
DROP FUNCTION hashsets_fresh_take(bigint);
DROP FUNCTION hashsets_fresh_index(bigint);
DROP FUNCTION hashsets_fresh_make(bigint, integer, text);
ALTER SEQUENCE hashsets_entry_id_seq CACHE 1;
DROP INDEX hashsets_entry_added;
CREATE INDEX hashsets_entry_added ON hashsets_entry (set_id, added_in);
UPDATE hashsets_entry SET raw = raw || jsonb_build_object('media_id', media_id) WHERE media_id IS NOT NULL;
ALTER TABLE hashsets_entry DROP COLUMN media_id;
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0010_comparison")]
    operations = [
        migrations.RunSQL(
            CREATE,
            DROP,
            state_operations=[migrations.AddField("entry", "media_id", models.BigIntegerField(null=True))],
        )
    ]
