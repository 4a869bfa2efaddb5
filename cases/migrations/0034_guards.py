"""Second views know in whose batches they were: whoever had one reads its decision nowhere until it is given."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q

HELD = """
UPDATE cases_secondview v SET had_by = ARRAY[b.user_id] FROM cases_batch b WHERE b.id = v.batch_id AND v.state = 'open';
UPDATE cases_secondview SET not_for = '{}' WHERE why = 'check' AND state = 'open';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0029_moments_in_range")]

    operations = [
        migrations.AddField(
            model_name="secondview",
            name="had_by",
            field=django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), db_default=[], size=None),
        ),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="secondview",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["had_by"], condition=Q(("state", "open"), ~Q(("had_by", []))), name="second_view_had"
            ),
        ),
    ]
