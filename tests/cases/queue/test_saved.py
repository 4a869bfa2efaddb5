"""Of very many filters that are kept, one's own come first, and the rest by name."""

import pytest

from cases.models import Case, SavedFilter
from cases.queue import saved
from workbench.models import User

pytestmark = pytest.mark.django_db


def test_ones_own_filters_are_listed_however_many_others_share(case: Case, dana: User, milo: User) -> None:
    def kept(owner: User, names: list[str]) -> list[SavedFilter]:
        return [SavedFilter(case=case, owner=owner, name=name, order="alike", shared=True) for name in names]

    many = [f"f{number:03}" for number in range(4 * saved.MOST + 20)]
    SavedFilter.objects.bulk_create(kept(dana, many[::-1]) + kept(milo, ["Zinnia", "aster"]))
    told = [one.name for one in saved.usable(case, milo)]
    assert (told[:3], len(told)) == (["aster", "Zinnia", "f000"], 4 * saved.MOST)
