"""Two people, held by the tables: who decided is who the decision says, and nothing is out or back by one alone."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

GUARD = """
ALTER TABLE cases_offer ADD CONSTRAINT offer_names_who_decided
  FOREIGN KEY (decision_id, decided_by_id) REFERENCES cases_decision (id, by_id);
ALTER TABLE cases_secondopinion ADD CONSTRAINT opinion_names_who_decided
  FOREIGN KEY (decision_id, decided_by_id) REFERENCES cases_decision (id, by_id);
"""
UNGUARD = """
ALTER TABLE cases_secondopinion DROP CONSTRAINT opinion_names_who_decided;
ALTER TABLE cases_offer DROP CONSTRAINT offer_names_who_decided;
"""
OUT = Q(state__in=["published", "withdrawal", "withdrawn"])
ON_THE_WAY_BACK = Q(state__in=["withdrawal", "withdrawn"])


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0008_pages_exhibit_ref"),
        ("hashsets", "0006_publishing_set_in_use"),
        ("workbench", "0003_store_made"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddConstraint(
            "decision", models.UniqueConstraint(fields=["id", "by"], name="decision_of_person")
        ),
        migrations.AddConstraint(
            "offer",
            models.CheckConstraint(condition=~OUT | Q(approved_by__isnull=False), name="published_by_two"),
        ),
        migrations.AddConstraint(
            "offer",
            models.CheckConstraint(
                condition=(~ON_THE_WAY_BACK | Q(withdrawn_by__isnull=False))
                & (~Q(state="withdrawn") | Q(confirmed_by__isnull=False)),
                name="withdrawn_by_two",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
