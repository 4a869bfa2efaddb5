"""Jobs are looked up by what they are about whenever a case's page asks how far they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workbench", "0003_store_made")]
    operations = [migrations.AddIndex("job", models.Index(fields=["kind", "subject", "id"], name="job_subject"))]
