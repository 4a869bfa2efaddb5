"""Claims read no more of a large case than of a small one: what filters ask for stands in the index of each order.

Indexes that others begin with are dropped: each claim, act and release writes the rows of stacks anew into all of them.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

OPEN = Q(state="open")
TAKEN, SIZE, PROMISE = F("taken_at").asc(nulls_last=True), F("size").desc(nulls_last=True), F("promise").desc()
ASKED = ("content", "stack", "kind", "size", "taken_at", "camera", "latitude", "longitude", "near")


def order(key: object, name: str, *, without: str = "") -> migrations.AddIndex:
    include = tuple(field for field in ASKED if field != without)
    return migrations.AddIndex(
        "item", models.Index(F("case"), key, F("id"), include=include, condition=OPEN, name=name)
    )


def unindexed(model: str, name: str, to: str, **more: object) -> migrations.AlterField:
    field = models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to=to, **more)
    return migrations.AlterField(model, name, field)


class Migration(migrations.Migration):
    dependencies = [("cases", "0027_joins")]

    operations = [
        order(TAKEN, "item_order_taken", without="taken_at"),
        order(SIZE, "item_order_size", without="size"),
        order(PROMISE, "item_order_promise"),
        migrations.RemoveIndex("item", "item_open_taken"),
        migrations.RemoveIndex("item", "item_open_size"),
        migrations.RemoveIndex("item", "item_open_promise"),
        unindexed("item", "case", "cases.case"),
        unindexed("stack", "case", "cases.case"),
        unindexed("stack", "batch", "cases.batch", null=True),
        unindexed("stack", "cover", "cases.item", null=True, related_name="+"),
        migrations.AddIndex("fileinstance", models.Index(fields=["content", "exhibit"], name="file_of_content")),
        unindexed("fileinstance", "content", "cases.content", null=True),
    ]
