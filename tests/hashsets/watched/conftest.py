"""A set whose folder is watched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from hashsets import watched
from hashsets.models import HashSet
from tests.hashsets import makers

if TYPE_CHECKING:
    from tests.people import People  # a plug-in, not to be imported before it is one


@pytest.fixture
def hash_set(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HashSet:
    """A set of the first agency, whose folder is watched; lists need not stand still."""
    monkeypatch.setattr(settings, "LISTS", tmp_path / "lists")
    monkeypatch.setattr(settings, "DROP_SECONDS", 0)
    made = makers.hash_set(people.supervisor, "Harbour / north", scheme="us-pvic")
    watched.turn(made, by=people.supervisor, on=True)
    return made


@pytest.fixture
def folder(hash_set: HashSet) -> Path:
    return watched.folder_of(hash_set)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done, once, while the next list is copied: when its first part is open and not yet read."""
    acts, copy = list[Callable[[], object]](), shutil.copyfileobj

    def copied(*given: Any) -> None:
        while acts:
            acts.pop()()
        copy(*given)

    monkeypatch.setattr(shutil, "copyfileobj", copied)
    return acts.append
