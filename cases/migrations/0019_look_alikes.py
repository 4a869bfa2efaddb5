"""Stacks of look-alikes: how an item came into its stack, what people said of pairs, and whom nobody compared yet."""

import django.db.models.deletion
from django.db import migrations, models


# Differing bits of two hashes of equal length; the database counts what `workbench.perceptual.distance` counts.
BITS = """
CREATE FUNCTION cases_bits(one bytea, other bytea) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT bit_count(('x' || encode(one, 'hex'))::bit(256) # ('x' || encode(other, 'hex'))::bit(256))::smallint
$$;
"""
# What came in before there were stacks of look-alikes.
NOTE = """
INSERT INTO cases_uncompared (item_id, case_id)
SELECT i.id, i.case_id FROM cases_item i JOIN cases_content c ON c.id = i.content_id
WHERE c.pdq IS NOT NULL AND i.state = 'open';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0018_rematch"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="aligned",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="item",
            name="follows",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="item",
            name="joined",
            field=models.CharField(
                blank=True,
                choices=[("", "Alone"), ("pdq", "Looks alike"), ("person", "Put there by a person")],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="turned",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="StackRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("apart", "Not one stack"), ("together", "One stack")], max_length=8),
                ),
                ("act", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.act")),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="cases.case")),
                (
                    "one",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.item"),
                ),
                (
                    "other",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.item"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("one", "other"), name="stack_rule_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="stack_rule_lower_first"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Uncompared",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.item",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["case", "item"], name="uncompared_of_case")],
            },
        ),
        migrations.RunSQL(BITS, "DROP FUNCTION cases_bits(bytea, bytea)"),
        migrations.RunSQL(NOTE, migrations.RunSQL.noop),
    ]
