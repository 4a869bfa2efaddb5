"""The numbers of exhibits: what is one, what is the same one, when it is free again."""

from pathlib import Path

import pytest
from django.db import IntegrityError

from cases import evidence
from cases.models import Case, Exhibit
from tests import factories
from tests.cases.ingest.trees import add
from workbench.errors import BadInput
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  NM-01  ", "NM-01"),
        ("NM   01", "NM 01"),
        ("BL/2026/7", "BL/2026/7"),
        ("証拠-1", "証拠-1"),
    ],
)
def test_a_number_is_kept_without_idle_spaces(case: Case, tmp_path: Path, typed: str, kept: str) -> None:
    assert add(case, tmp_path, typed).ref == kept


@pytest.mark.parametrize("typed", ["", "   ", "..", " . . ", "N\u202eM", "N\u200bM", "a\nb", "a\tb", "N" * 61])
def test_what_cannot_be_told_apart_by_eye_is_no_number(case: Case, tmp_path: Path, typed: str) -> None:
    with pytest.raises(BadInput):
        add(case, tmp_path, typed)
    assert not Exhibit.objects.exists()


def test_a_number_in_other_letters_is_the_same_number(case: Case, tmp_path: Path) -> None:
    first = add(case, tmp_path, "NM-01")
    assert add(case, tmp_path, "nm-01") == first
    (tmp_path / "more").mkdir()
    with pytest.raises(evidence.ExhibitTaken):
        add(case, tmp_path / "more", "Nm-01")
    with pytest.raises(IntegrityError, match="exhibit_ref_once"):
        factories.exhibit(case, "nM-01")


def test_a_number_is_free_again_only_where_nothing_came_in(case: Case, dana: User, tmp_path: Path) -> None:
    empty = add(case, tmp_path, "NM-01")
    evidence.cancel(empty, by=dana, reason="the wrong stick")
    again = add(case, tmp_path, "NM-01")
    assert again != empty
    factories.item(again)
    evidence.cancel(again, by=dana, reason="the wrong stick")
    with pytest.raises(evidence.ExhibitTaken, match="cancelled after files had come in"):
        add(case, tmp_path, "NM-01")


def test_another_exhibit_of_the_same_place_is_named(case: Case, tmp_path: Path) -> None:
    first = add(case, tmp_path, "NM-01")
    assert evidence.same_source(first) == []
    assert evidence.same_source(add(case, tmp_path, "NM-02")) == ["NM-01"]
    (tmp_path / "other").mkdir()
    assert evidence.same_source(add(case, tmp_path / "other", "NM-03")) == []
