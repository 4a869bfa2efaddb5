"""Sets that several modules import lists into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hashsets.models import HashSet
from tests.hashsets import makers

if TYPE_CHECKING:
    from tests.people import People  # a plug-in, not to be imported before it is one


@pytest.fixture
def hash_set(people: People, tmp_path: Path) -> HashSet:
    """A set of the first agency with three entries."""
    from tests.hashsets.lists import document, load, media  # brings the people in, too

    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    load(made, document(tmp_path, media(1), media(2, 2), media(3, 0), name="first.json"), by=people.supervisor)
    return made


@pytest.fixture
def us(people: People) -> HashSet:
    """An empty set of relevant material under the US scheme."""
    return makers.hash_set(people.supervisor, "US", scheme="us-pvic")
