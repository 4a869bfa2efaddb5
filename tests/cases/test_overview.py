"""What the case page shows, against what happened."""

import pytest

from cases import matching
from cases.days import known
from hashsets import policies
from tests.cases.exports import scene
from tests.people import People

pytestmark = pytest.mark.django_db


def test_known_where_names_only_the_sets_that_close_items(people: People) -> None:
    case = scene.made(people)
    unused = scene.known(case, "ridge", "2", people.supervisor)
    unused.name = "Unused"
    unused.save()
    scene.known(case, "ridge", "2", people.supervisor)
    policies.set_policy(unused, agency=case.agency, action="off", by=people.supervisor)
    matching.rematch(case.agency_id, unused.pk)
    rows = known.where(case).rows
    assert rows is not None
    assert [(row["name"], row["items"]) for row in rows] == [("Reference", 1)]
