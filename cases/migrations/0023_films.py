"""Films in stacks: how far an item is from its stack's leader where that is not a matter of one hash."""

from django.db import migrations, models

# Differing bits between two items of one stack, null where nobody knows: pictures by their hashes as they lie, films by
# what was measured against the leader, whose `joined` is empty.
AWAY = """
CREATE FUNCTION cases_away(one cases_item, one_of cases_content, other cases_item, other_of cases_content)
RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN one_of.kind = 'still' AND other_of.kind = 'still'
      THEN cases_bits(coalesce(one.aligned, one_of.pdq), coalesce(other.aligned, other_of.pdq))
    WHEN one.id = other.id THEN 0::smallint
    WHEN other.joined = '' THEN one.apart
    WHEN one.joined = '' THEN other.apart END
$$;
"""
# Films were compared by one frame so far.
NOTE = """
INSERT INTO cases_uncompared (item_id, case_id)
SELECT i.id, i.case_id FROM cases_item i JOIN cases_content c ON c.id = i.content_id
WHERE c.kind = 'video' AND i.state = 'open' ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0019_look_alikes"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="apart",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="item",
            name="joined",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Alone"),
                    ("pdq", "Looks alike"),
                    ("frames", "Shares frames"),
                    ("person", "Put there by a person"),
                ],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
        migrations.RunSQL(AWAY, "DROP FUNCTION cases_away(cases_item, cases_content, cases_item, cases_content)"),
        migrations.RunSQL(NOTE, migrations.RunSQL.noop),
    ]
