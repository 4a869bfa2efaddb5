"""Items that a harmless category closed without anybody's leave come back: every set is matched again."""

from django.db import migrations

# Rules that differ from those in force: the next sweep matches every set again and settles its items.
AGAIN = "UPDATE cases_setsync SET rules = '';"


class Migration(migrations.Migration):
    dependencies = [("cases", "0017_setsync_moved"), ("hashsets", "0012_guards")]
    operations = [migrations.RunSQL(AGAIN, AGAIN)]
