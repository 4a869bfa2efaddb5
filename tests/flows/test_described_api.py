"""The public API answers as it describes itself: the programme `api` in its small form, with a fixed seed."""

from tests.product import Product
from tests.programmes import api


def test_of_calls_made_up_from_the_description_none_fails_and_each_answer_is_described(live: Product) -> None:
    status, said = api.asked(live, api.made(live), examples=2, seed=4, real=True)
    assert status == 0, said
    assert "Tested: 8" in said
