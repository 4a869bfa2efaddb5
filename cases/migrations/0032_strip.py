"""What lies beside a file in its folder is found by index; places of a case, too; enlarged looks have their time."""

from django.db import migrations, models

# Whose folder it is as a short key, then the name: neighbours are one step away, whatever else the exhibit holds.
BESIDE = """
CREATE INDEX file_beside ON cases_fileinstance (exhibit_id, coalesce(parent_id, 0), (md5(cases_folder(raw_path))::uuid),
  (cases_name(raw_path)) COLLATE "C", id) WHERE content_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0031_case_filters")]

    operations = [
        migrations.AddField("viewing", "enlarged_ms", models.PositiveIntegerField(null=True)),
        migrations.RunSQL(BESIDE, "DROP INDEX file_beside"),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=["case", "latitude", "longitude", "state"],
                condition=models.Q(latitude__isnull=False),
                name="item_place",
            ),
        ),
    ]
