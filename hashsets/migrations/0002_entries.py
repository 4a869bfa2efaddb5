"""The entries: one table, partitioned by set; a new set brings its partition along."""

from django.db import migrations

CREATE = """
CREATE SEQUENCE hashsets_entry_id_seq;
CREATE TABLE hashsets_entry (
  set_id bigint NOT NULL REFERENCES hashsets_hashset (id),
  id bigint NOT NULL DEFAULT nextval('hashsets_entry_id_seq'),
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  ident bytea NOT NULL,
  twin smallint NOT NULL DEFAULT 0,
  md5 bytea CHECK (octet_length(md5) = 16),
  sha1 bytea CHECK (octet_length(sha1) = 20),
  sha256 bytea CHECK (octet_length(sha256) = 32),
  size bigint,
  code varchar(40) NOT NULL,
  disposition varchar(30) NOT NULL,
  trust varchar(20) NOT NULL,
  state varchar(20) NOT NULL DEFAULT 'published',
  conflict boolean NOT NULL DEFAULT false,
  flags jsonb NOT NULL DEFAULT '{}',
  raw jsonb NOT NULL DEFAULT '{}',
  added_in integer NOT NULL,
  removed_in integer CHECK (removed_in >= added_in),
  PRIMARY KEY (set_id, id),
  UNIQUE (set_id, ident, twin, added_in)
) PARTITION BY LIST (set_id);
CREATE INDEX hashsets_entry_md5 ON hashsets_entry (md5) WHERE md5 IS NOT NULL;
CREATE INDEX hashsets_entry_sha1 ON hashsets_entry (sha1) WHERE sha1 IS NOT NULL;
CREATE INDEX hashsets_entry_sha256 ON hashsets_entry (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX hashsets_entry_added ON hashsets_entry (set_id, added_in);
CREATE INDEX hashsets_entry_removed ON hashsets_entry (set_id, removed_in) WHERE removed_in IS NOT NULL;

-- Runs with the owner's rights: the application role may not create tables.
CREATE FUNCTION hashsets_add_partition() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('CREATE TABLE public.hashsets_entry_%s PARTITION OF public.hashsets_entry FOR VALUES IN (%s)',
                 NEW.id, NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER add_partition AFTER INSERT ON hashsets_hashset
  FOR EACH ROW EXECUTE FUNCTION hashsets_add_partition();
"""
DROP = """
DROP TRIGGER add_partition ON hashsets_hashset;
DROP FUNCTION hashsets_add_partition();
DROP TABLE hashsets_entry;
DROP SEQUENCE hashsets_entry_id_seq;
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0001_initial"), ("workbench", "0002_guards")]
    operations = [migrations.RunSQL(CREATE, DROP)]
