"""Figures of days: differences of a case's counts, noted by the database (decision 0019)."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q, Value

# The day it is for a case's agency.
DAY = """
CREATE FUNCTION cases_day(of_case bigint, moment timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT (moment AT TIME ZONE coalesce((SELECT r.zone FROM cases_case c JOIN cases_carerule r ON r.agency_id = c.agency_id
    WHERE c.id = of_case), 'UTC'))::date
$$;
"""
# Of each case the items left by state, and the files of decided ones; rows of single exhibits say the same again.
TALLY = """
CREATE FUNCTION cases_note_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT d.case_id, cases_day(d.case_id, statement_timestamp()), k.what, k.key, sum(k.n) FROM fresh d
    CROSS JOIN LATERAL (VALUES ('items', d.state, CASE WHEN d.state IN ('open', 'waiting', 'unsure') THEN d.items END),
      ('files', '', CASE WHEN d.state = 'decided' THEN d.files END)) AS k(what, key, n)
    WHERE d.exhibit_id IS NULL AND k.n <> 0 GROUP BY 1, 3, 4;
  ELSE
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT d.case_id, cases_day(d.case_id, statement_timestamp()), k.what, k.key, sum(k.n)
    FROM (SELECT case_id, exhibit_id, state, items, files FROM fresh
      UNION ALL SELECT case_id, exhibit_id, state, -items, -files FROM stale) d
    CROSS JOIN LATERAL (VALUES ('items', d.state, CASE WHEN d.state IN ('open', 'waiting', 'unsure') THEN d.items END),
      ('files', '', CASE WHEN d.state = 'decided' THEN d.files END)) AS k(what, key, n)
    WHERE d.exhibit_id IS NULL AND k.n <> 0 GROUP BY 1, 3, 4 HAVING sum(k.n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_begins AFTER INSERT ON cases_tally REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_tally();
CREATE TRIGGER tally_moves AFTER UPDATE ON cases_tally REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_tally();
"""
# Stacks that have open items.
STACK = """
CREATE FUNCTION cases_note_stack() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT case_id, cases_day(case_id, statement_timestamp()), 'stacks', '', count(*) FROM fresh WHERE state = 'open'
    GROUP BY 1;
  ELSE
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT case_id, cases_day(case_id, statement_timestamp()), 'stacks', '', sum(n)
    FROM (SELECT case_id, 1 AS n FROM fresh WHERE state = 'open'
      UNION ALL SELECT case_id, -1 FROM stale WHERE state = 'open') d GROUP BY 1 HAVING sum(n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER stack_begins AFTER INSERT ON cases_stack REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_stack();
CREATE TRIGGER stack_moves AFTER UPDATE ON cases_stack REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_stack();
"""
# Decided items by the code that stands: as an item comes to be decided or no longer is, and as the code of one that is
# changes. By index whatever the statistics say: a session keeps its plan.
ITEM = """
CREATE FUNCTION cases_note_item() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO cases_daycount (case_id, day, what, key, n)
  SELECT c.id, cases_day(c.id, statement_timestamp()), 'code', st.code, CASE NEW.state WHEN 'decided' THEN 1 ELSE -1 END
  FROM cases_case c JOIN hashsets_scheme v ON v.id = c.scheme_id
  JOIN cases_standing st ON st.content_id = NEW.content_id AND st.scheme_id = v.scheme_id AND st.code IS NOT NULL
  WHERE c.id = NEW.case_id;
  RETURN NULL;
END $$;
CREATE TRIGGER item_decided AFTER UPDATE OF state ON cases_item FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND 'decided' IN (OLD.state, NEW.state)) EXECUTE FUNCTION cases_note_item();
CREATE TRIGGER item_begins_decided AFTER INSERT ON cases_item FOR EACH ROW
  WHEN (NEW.state = 'decided') EXECUTE FUNCTION cases_note_item();
"""
# And decisions in force, by the day they were made on and how, in the case they were made in.
STANDING = """
CREATE FUNCTION cases_note_standing() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT i.case_id, cases_day(i.case_id, statement_timestamp()), 'code', d.code, count(*)
    FROM fresh d JOIN cases_item i ON i.content_id = d.content_id AND i.state = 'decided'
    JOIN cases_case c ON c.id = i.case_id JOIN hashsets_scheme v ON v.id = c.scheme_id AND v.scheme_id = d.scheme_id
    WHERE d.code IS NOT NULL GROUP BY 1, 4
    UNION ALL
    SELECT m.case_id, cases_day(m.case_id, m.at), 'decided', m.basis, count(*)
    FROM fresh d JOIN cases_decision m ON m.id = d.decision_id WHERE d.code IS NOT NULL GROUP BY 1, 2, 4;
  ELSE
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    SELECT i.case_id, cases_day(i.case_id, statement_timestamp()), 'code', d.code, sum(d.n)
    FROM (SELECT content_id, scheme_id, code, 1 AS n FROM fresh UNION ALL
      SELECT content_id, scheme_id, code, -1 FROM stale) d
    JOIN cases_item i ON i.content_id = d.content_id AND i.state = 'decided'
    JOIN cases_case c ON c.id = i.case_id JOIN hashsets_scheme v ON v.id = c.scheme_id AND v.scheme_id = d.scheme_id
    WHERE d.code IS NOT NULL GROUP BY 1, 4 HAVING sum(d.n) <> 0
    UNION ALL
    SELECT m.case_id, cases_day(m.case_id, m.at), 'decided', m.basis, sum(d.n)
    FROM (SELECT decision_id, code, 1 AS n FROM fresh UNION ALL SELECT decision_id, code, -1 FROM stale) d
    JOIN cases_decision m ON m.id = d.decision_id WHERE d.code IS NOT NULL GROUP BY 1, 2, 4 HAVING sum(d.n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER standing_begins AFTER INSERT ON cases_standing REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_standing();
CREATE TRIGGER standing_moves AFTER UPDATE ON cases_standing REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION cases_note_standing();
"""
# The first time that somebody unveils a content in a case.
VIEWING = """
CREATE FUNCTION cases_note_viewing() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM cases_viewing v WHERE v.content_id = NEW.content_id AND v.case_id = NEW.case_id
      AND v.revealed_ms > 0 AND v.id <> NEW.id) THEN
    INSERT INTO cases_daycount (case_id, day, what, key, n)
    VALUES (NEW.case_id, cases_day(NEW.case_id, statement_timestamp()), 'shown', '', 1);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER viewing_unveiled AFTER UPDATE OF revealed_ms ON cases_viewing FOR EACH ROW
  WHEN (NEW.revealed_ms > 0 AND coalesce(OLD.revealed_ms, 0) = 0) EXECUTE FUNCTION cases_note_viewing();
CREATE TRIGGER viewing_begins_unveiled AFTER INSERT ON cases_viewing FOR EACH ROW
  WHEN (NEW.revealed_ms > 0) EXECUTE FUNCTION cases_note_viewing();
"""
OFFER = """
CREATE FUNCTION cases_note_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cases_daycount (case_id, day, what, key, n)
  VALUES (NEW.case_id, cases_day(NEW.case_id, statement_timestamp()), 'published', '', 1);
  RETURN NULL;
END $$;
CREATE TRIGGER offer_published AFTER UPDATE OF state ON cases_offer FOR EACH ROW
  WHEN (NEW.state = 'published' AND OLD.state IN ('draft', 'held')) EXECUTE FUNCTION cases_note_offer();
"""
# What there is: levels as of today, since nobody noted them before; decisions, looks and entries by their own days.
BACKFILL = """
INSERT INTO cases_daycount (case_id, day, what, key, n, folded)
SELECT case_id, cases_day(case_id, now()), 'items', state, sum(items), true FROM cases_tally
WHERE exhibit_id IS NULL AND state IN ('open', 'waiting', 'unsure') GROUP BY 1, 4 HAVING sum(items) <> 0
UNION ALL
SELECT case_id, cases_day(case_id, now()), 'files', '', sum(files), true FROM cases_tally
WHERE exhibit_id IS NULL AND state = 'decided' GROUP BY 1 HAVING sum(files) <> 0
UNION ALL
SELECT case_id, cases_day(case_id, now()), 'stacks', '', count(*), true FROM cases_stack WHERE state = 'open' GROUP BY 1
UNION ALL
SELECT i.case_id, cases_day(i.case_id, now()), 'code', st.code, count(*), true
FROM cases_item i JOIN cases_case c ON c.id = i.case_id JOIN hashsets_scheme v ON v.id = c.scheme_id
JOIN cases_standing st ON st.content_id = i.content_id AND st.scheme_id = v.scheme_id
WHERE i.state = 'decided' AND st.code IS NOT NULL GROUP BY 1, 4
UNION ALL
SELECT d.case_id, cases_day(d.case_id, d.at), 'decided', d.basis, count(*), true
FROM cases_standing st JOIN cases_decision d ON d.id = st.decision_id WHERE st.code IS NOT NULL GROUP BY 1, 2, 4
UNION ALL
SELECT case_id, cases_day(case_id, first), 'shown', '', count(*), true
FROM (SELECT case_id, min(at) AS first FROM cases_viewing WHERE revealed_ms > 0 GROUP BY case_id, content_id) v
GROUP BY 1, 2
UNION ALL
SELECT o.case_id, cases_day(o.case_id, g.at), 'published', '', count(*), true
FROM cases_offer o JOIN hashsets_generation g ON g.set_id = o.set_id AND g.number = o.generation
WHERE o.state IN ('published', 'withdrawal', 'withdrawn') GROUP BY 1, 2;
"""
UNDO = {
    "tally": ("tally_begins", "tally_moves"),
    "stack": ("stack_begins", "stack_moves"),
    "item": ("item_decided", "item_begins_decided"),
    "standing": ("standing_begins", "standing_moves"),
    "viewing": ("viewing_unveiled", "viewing_begins_unveiled"),
    "offer": ("offer_published",),
}
DO = {"tally": TALLY, "stack": STACK, "item": ITEM, "standing": STANDING, "viewing": VIEWING, "offer": OFFER}


def _triggers(table: str) -> migrations.RunSQL:
    drops = "".join(f"DROP TRIGGER {name} ON cases_{table};" for name in UNDO[table])
    return migrations.RunSQL(DO[table], f"{drops} DROP FUNCTION cases_note_{table}();")


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0025_moments"),
    ]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("what", models.CharField(max_length=10)),
                ("key", models.CharField(blank=True, default="", max_length=40)),
                ("n", models.BigIntegerField()),
                ("folded", models.BooleanField(db_default=False, default=False)),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "what", "key", "day"), condition=Q(folded=True), name="day_count_folded_once"
                    )
                ],
                "indexes": [
                    models.Index(fields=["case", "what", "day"], name="day_count_of_case"),
                    models.Index(fields=["id"], condition=Q(folded=False), name="day_count_to_fold"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownIn",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("sets", models.JSONField(db_default=Value([], models.JSONField()), default=list)),
                ("known", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("took_ms", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(DAY, "DROP FUNCTION cases_day(bigint, timestamptz)"),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        *map(_triggers, DO),
        migrations.AddIndex(
            "offer",
            models.Index(fields=["case"], condition=Q(state__in=["draft", "withdrawal"]), name="offer_waiting_in_case"),
        ),
        migrations.AddIndex(
            "disagreement",
            models.Index(fields=["case"], condition=Q(closed_at__isnull=True), name="disagreement_open_in_case"),
        ),
    ]
