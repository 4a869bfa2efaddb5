"""An exhibit's number is one of its case whatever its capitals, and free again where nothing came in under it."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_members")]
    operations = [
        migrations.RemoveConstraint(model_name="exhibit", name="exhibit_ref_once"),
        migrations.AddConstraint(
            model_name="exhibit",
            constraint=models.UniqueConstraint(
                models.F("case"),
                Lower("ref"),
                condition=~models.Q(state="cancelled", seen=0),
                name="exhibit_ref_once",
            ),
        ),
    ]
