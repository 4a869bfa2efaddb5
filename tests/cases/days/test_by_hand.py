"""Saved time and the time from decision to publication, as pages tell them, against a count by hand (figures.md)."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse

from cases import acts, ending, publishing, review, tiles
from cases.days import dashboard
from cases.models import Case, Content, Decision, Offer
from cases.stacking import building, waiting
from hashsets.models import Generation
from tests.cases import material
from tests.cases.days.test_counts import look
from tests.cases.test_acts import wish
from tests.cases.test_matching import entry, sync
from tests.hashsets import makers
from tests.hashsets.test_near_index import pdq
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db
# Bits from the motif of their stack: three of one motif, two of another, and three alone. Eight files.
MOTIFS = {"a": (1, 0), "b": (1, 3), "c": (1, 5), "d": (2, 0), "e": (2, 4), "f": (3, 0), "g": (4, 0), "h": (5, 0)}
KNOWN = 59  # pictures that a set of the agency knows before anybody looks
HOURS = (1, 5, 30)  # from a decision to the version of the set that carries it


@pytest.fixture
def counted(case: Case, dana: User, sam: User) -> Case:
    """67 pictures: 59 known, a stack of three decided by one look, two decided alone, a stack of two and one left open.

    What Dana looked at, a cover and two alone, is published, each in a version of its own.
    """
    names = [f"known {n}" for n in range(KNOWN)]
    makers.publish(makers.hash_set(sam, "Before"), *map(entry, names), by=sam)
    material.pictures(case, dana, names, ref="NM-00")
    sync()
    contents = material.pictures(case, dana, list(MOTIFS))
    for content, (motif, bits) in zip(contents, MOTIFS.values(), strict=True):
        Content.objects.filter(pk=content.pk).update(pdq=pdq(motif, bits), pdq_quality=80)
    waiting.note([content.pk for content in contents])
    assert building.build(case.pk).items == 3
    batch = review.claim(case=case, by=dana)
    units = sorted(tiles.units(batch), key=lambda unit: -unit["items"])
    assert [unit["items"] for unit in units] == [3, 2, 1, 1, 1]
    for unit in (units[0], units[2], units[3]):
        look(case, dana, unit["item"])
        acts.act(batch=batch, by=dana, wishes=[wish(unit, scope="stack")])
    ending.close(batch=batch, by=dana)
    offers = Offer.objects.order_by("pk")
    for offer, hours in zip(offers, HOURS, strict=True):
        publishing.approve(offers=[offer.public_id], by=sam)
        offer.refresh_from_db()
        at = Decision.objects.get(pk=offer.decision_id).at + timedelta(hours=hours)
        Generation.objects.filter(set=offer.set, number=offer.generation).update(at=at)
    sync()
    return case


def test_what_pages_say_was_saved_is_what_a_count_by_hand_gives(counted: Case, dana: User, sam: User) -> None:
    """Known are 59 by the earlier set, and the 3 that were published from here: 62. The 3 were decided in this case, so
    nobody was spared them: (62 - 3) x 1 s = 59 s.

    Stacks: two of the first stack followed its cover. Open are the stack of two and the one alone, 3 items in 2
    stacks: one more will follow. (2 + 3 - 2) x 1 s = 3 s.
    """
    page = signed_in(dana).get(reverse("cases:case", args=[counted.public_id]), secure=True).content.decode()
    assert 'data-field="ladder-known">62<' in page
    assert 'data-field="ladder-saved">59 s<' in page
    assert 'data-field="ladder-stacked">3 s<' in page
    assert "3 of the known items were decided in this case too." in page
    progress = signed_in(dana).get(reverse("cases:progress", args=[counted.public_id]), secure=True).json()
    assert {name: progress["fields"][f"ladder-{name}"] for name in ("saved", "stacked", "views")} == {
        "saved": "59 s", "stacked": "3 s", "views": "2",
    }  # fmt: skip
    # 5 of 67 were decided and 59 known by others; 3 of 67 are left: 64 of 67 are done, which is 95 %.
    home = signed_in(dana).get("/", secure=True).content.decode()
    assert ('value="95"' in home, "92.5 %" in home) == (True, True)  # 62 of 67 are known
    listed = signed_in(dana).get("/cases/", secure=True).content.decode()
    assert '<td class="n">2</td>' in listed


def test_the_time_from_decision_to_publication_is_the_middle_one(counted: Case, sam: User) -> None:
    """Three were published 1, 5 and 30 hours after their decisions: the median is 5 hours, not their mean of 12."""
    assert dashboard.of(sam, 30).published.median == timedelta(hours=5)
    page = signed_in(sam).get(reverse("cases:dashboard"), secure=True).content.decode()
    assert "5 h from decision to published" in page
    table = signed_in(sam).get(reverse("cases:dashboard_csv"), secure=True).content.decode()
    told = {row[2]: row[3] for row in csv.reader(io.StringIO(table))}
    assert float(told["decision to published, median hours"]) == 5
