"""Several people at one case, browsers lost, leases of seconds (`make prove NAME=reviewers` is the large form)."""

import pytest

from tests.product import Product
from tests.programmes import reviewers


@pytest.mark.slow
def test_of_several_reviewers_none_holds_what_another_holds_and_nothing_is_left(live: Product) -> None:
    assert reviewers.together(live, people=5, units=240) == []
