"""The case that evidence goes into, and a folder that people put it in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from cases.models import Case
from tests import factories

if TYPE_CHECKING:  # pytest itself brings this module in, as a plug-in
    from tests.people import People


@pytest.fixture
def case(people: People) -> Case:
    """A case of an investigator of the first agency."""
    return factories.case(people.investigator)


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty inbox, the only folder that evidence may come from."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    monkeypatch.setattr(settings, "EVIDENCE_ROOTS", [folder])
    return folder
