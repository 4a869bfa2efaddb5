"""Near matches: contents by their PDQ, and sets that hold any are matched once more from the start."""

from django.db import migrations, models

# What was matched stays; the hashes that were not looked at so far come in with the next re-match.
AGAIN = """
UPDATE cases_setsync s SET generation = 0
WHERE EXISTS (SELECT FROM hashsets_entryhash h WHERE h.set_id = s.set_id AND h.kind = 'pdq');
"""


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0013_file_within"),
        ("hashsets", "0009_entry_hashes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="content",
            index=models.Index(
                condition=models.Q(("pdq__isnull", False)), fields=["agency", "id"], name="content_with_pdq"
            ),
        ),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
