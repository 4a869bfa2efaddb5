"""Hashes of other kinds than digests, beside their entries: PDQ so far, searched by distance."""

from django.db import migrations, models

# A plain table: one set's rows come together, the key finds them, and a new set costs no lock on it. Rows are written
# and deleted with their entries, in one transaction each, so no foreign key is checked for each of a million.
CREATE = """
CREATE TABLE hashsets_entryhash (
  set_id bigint NOT NULL REFERENCES hashsets_hashset (id),
  entry bigint NOT NULL,
  kind varchar(20) NOT NULL,
  value bytea NOT NULL CHECK (kind <> 'pdq' OR octet_length(value) = 32),
  PRIMARY KEY (set_id, kind, entry)
);
INSERT INTO hashsets_entryhash (set_id, entry, kind, value)
SELECT set_id, id, 'pdq', decode(raw -> 'hashes' ->> 'pdq', 'hex') FROM hashsets_entry
WHERE raw -> 'hashes' ->> 'pdq' ~ '^[0-9a-f]{64}$' ORDER BY set_id, id;

-- Runs with the owner's rights, as hashsets_analyse does for the entries.
CREATE FUNCTION hashsets_analyse_hashes() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  ANALYZE public.hashsets_entryhash;
END $$;
"""
DROP = """
DROP FUNCTION hashsets_analyse_hashes();
DROP TABLE hashsets_entryhash;
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0008_own_schemes")]
    operations = [
        migrations.CreateModel(
            name="EntryHash",
            fields=[
                ("pk", models.CompositePrimaryKey("set_id", "kind", "entry", blank=True, editable=False, primary_key=True, serialize=False)),
                ("entry", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("value", models.BinaryField()),
            ],
            options={"db_table": "hashsets_entryhash", "managed": False},
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
