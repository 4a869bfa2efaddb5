"""Orders and filters of the queue: what they ask for stands with the items that are open, kept there by the database."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q, Value

OPEN = Q(state="open")

# A time as evidence gives it, if it is one; without an offset it is read as UTC.
MOMENT = """
CREATE FUNCTION cases_moment(said text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN said ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)' AND pg_input_is_valid(said, 'timestamptz')
    THEN CASE WHEN said ~ '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' AND length(said) > 10 THEN said::timestamptz
      ELSE said::timestamp AT TIME ZONE 'UTC' END END
$$;
"""
# Make and model as one name in lower case; the make once, where the model begins with it.
CAMERA = """
CREATE FUNCTION cases_camera(make text, model text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(CASE WHEN starts_with(lower(model), lower(make)) THEN model ELSE btrim(make || ' ' || model) END)
$$;
"""
# The last part of a path as text in lower case, bytes that are no ASCII written as \\ooo; and the path without it.
NAME = r"""
CREATE FUNCTION cases_name(path bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(lower(regexp_replace(encode(path, 'escape'), '^.*(/|\\\\)', '')), 100)
$$;
CREATE FUNCTION cases_folder(path bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(substring(encode(path, 'escape') from '^(.*)(?:/|\\\\)'), '')
$$;
"""
# By index whatever the statistics say: a session keeps its plan, and may have made it while the tables were empty.
DESCRIBE = """
CREATE FUNCTION cases_describe_item() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  SELECT c.kind, c.size, coalesce(m.taken_at, (
      SELECT min(cases_moment(f.modified))
      FROM (SELECT exhibit_id, modified FROM cases_fileinstance WHERE content_id = NEW.content_id OFFSET 0) f
      JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = NEW.case_id AND x.removed_at IS NULL)),
    coalesce(cases_camera(m.make, m.model), ''), m.latitude, m.longitude,
    EXISTS (SELECT FROM cases_match n WHERE n.content_id = NEW.content_id AND n.lost_in IS NULL AND NOT n.strong)
  INTO NEW.kind, NEW.size, NEW.taken_at, NEW.camera, NEW.latitude, NEW.longitude, NEW.near
  FROM cases_content c LEFT JOIN cases_metadata m ON m.content_id = c.id WHERE c.id = NEW.content_id;
  RETURN NEW;
END $$;
CREATE TRIGGER item_opens BEFORE UPDATE OF state ON cases_item FOR EACH ROW
  WHEN (NEW.state = 'open' AND OLD.state <> 'open') EXECUTE FUNCTION cases_describe_item();
CREATE TRIGGER item_begins_open BEFORE INSERT ON cases_item FOR EACH ROW
  WHEN (NEW.state = 'open') EXECUTE FUNCTION cases_describe_item();
"""
UNDESCRIBE = """
DROP TRIGGER item_opens ON cases_item;
DROP TRIGGER item_begins_open ON cases_item;
DROP FUNCTION cases_describe_item();
"""
# What is open already.
BACKFILL = """
UPDATE cases_item i SET kind = c.kind, size = c.size, camera = coalesce(cases_camera(m.make, m.model), ''),
  latitude = m.latitude, longitude = m.longitude,
  taken_at = coalesce(m.taken_at, (
    SELECT min(cases_moment(f.modified)) FROM cases_fileinstance f
    JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL
    WHERE f.content_id = c.id)),
  near = EXISTS (SELECT FROM cases_match n WHERE n.content_id = c.id AND n.lost_in IS NULL AND NOT n.strong)
FROM cases_content c LEFT JOIN cases_metadata m ON m.content_id = c.id
WHERE c.id = i.content_id AND i.state = 'open';
INSERT INTO cases_weighing (case_id, due, took_ms) SELECT id, true, 0 FROM cases_case WHERE state = 'open';
"""
# Stacks of several first, then what stands alone, each by its place; what was skipped last.
ALIKE = """
CREATE INDEX stack_alike ON cases_stack (case_id, (CASE WHEN starts_with(sort_key, '~') THEN 2
  WHEN open_items > 1 THEN 0 ELSE 1 END), sort_key, id) WHERE state = 'open';
"""
FILES = """
CREATE INDEX file_path ON cases_fileinstance (exhibit_id, substr(raw_path, 1, 128)) WHERE content_id IS NOT NULL;
CREATE INDEX file_name ON cases_fileinstance (exhibit_id, cases_name(raw_path) COLLATE "C")
  WHERE content_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0021_care"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("batch", "order", models.CharField(db_default="alike", default="alike", max_length=10)),
        migrations.AddField(
            "batch", "wanted", models.JSONField(db_default=Value({}, models.JSONField()), default=dict)
        ),
        migrations.AddField("item", "kind", models.CharField(blank=True, db_default="", default="", max_length=10)),
        migrations.AddField("item", "size", models.BigIntegerField(null=True)),
        migrations.AddField("item", "taken_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "item",
            "camera",
            models.CharField(blank=True, db_collation="C", db_default="", default="", max_length=170),
        ),
        migrations.AddField("item", "latitude", models.FloatField(null=True)),
        migrations.AddField("item", "longitude", models.FloatField(null=True)),
        migrations.AddField("item", "near", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("item", "promise", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("order", models.CharField(max_length=10)),
                ("wanted", models.JSONField(default=dict)),
                ("shared", models.BooleanField(default=False)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.case")),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("case", "owner", "name"), name="filter_name_once")]
            },
        ),
        migrations.CreateModel(
            name="Weighing",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("due", models.BooleanField(default=True)),
                ("weighed_at", models.DateTimeField(null=True)),
                ("took_ms", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(MOMENT, "DROP FUNCTION cases_moment(text)"),
        migrations.RunSQL(CAMERA, "DROP FUNCTION cases_camera(text, text)"),
        migrations.RunSQL(NAME, "DROP FUNCTION cases_name(bytea); DROP FUNCTION cases_folder(bytea)"),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.RunSQL(DESCRIBE, UNDESCRIBE),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop),
        migrations.AddIndex(
            "item",
            models.Index(
                F("case"), F("taken_at").asc(nulls_last=True), F("id"), condition=OPEN, name="item_open_taken"
            ),
        ),
        migrations.AddIndex(
            "item",
            models.Index(F("case"), F("size").desc(nulls_last=True), F("id"), condition=OPEN, name="item_open_size"),
        ),
        migrations.AddIndex(
            "item", models.Index(F("case"), F("promise").desc(), F("id"), condition=OPEN, name="item_open_promise")
        ),
        migrations.AddIndex(
            "item",
            models.Index(fields=["case", "camera", "id"], condition=OPEN & ~Q(camera=""), name="item_open_camera"),
        ),
        migrations.AddIndex(
            "item", models.Index(fields=["case", "id"], condition=OPEN & Q(kind="video"), name="item_open_video")
        ),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=["case", "latitude", "id"], condition=OPEN & Q(latitude__isnull=False), name="item_open_place"
            ),
        ),
        migrations.AddIndex(
            "item", models.Index(fields=["case", "id"], condition=OPEN & Q(near=True), name="item_open_near")
        ),
        migrations.AddIndex(
            "act",
            models.Index(fields=["user", "case", "id"], condition=Q(kind__in=["unsure", "skip"]), name="act_marks"),
        ),
        migrations.RunSQL(ALIKE, "DROP INDEX stack_alike"),
        migrations.RunSQL(FILES, "DROP INDEX file_path; DROP INDEX file_name"),
    ]
