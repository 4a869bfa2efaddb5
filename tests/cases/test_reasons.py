"""Reasons that the product gives for decisions and offers, in the language of whoever reads them."""

import pytest
from django.utils import translation

from cases import acts, publishing, reasons, review, tiles
from cases.models import Case, Decision, Item, Offer, Standing
from tests.cases.days.test_counts import worked
from tests.cases.test_acts import wish
from tests.people import signed_in
from workbench import languages
from workbench.models import User

__all__ = ["worked"]  # a fixture
pytestmark = pytest.mark.usefixtures("german")


@pytest.mark.parametrize("reason", [*sorted(reasons.PLAIN), reasons.confirmed("Reference")])
def test_each_reason_of_the_products_own_is_read_in_german(reason: str) -> None:
    with translation.override("de"):
        assert reasons.in_words(reason) != reason
    assert reasons.in_words(reason) == reason


def test_of_each_state_in_which_a_unit_leaves_a_batch_it_is_told_in_words_and_in_german() -> None:
    assert set(review.LEFT) == set(Item.State) - {Item.State.OPEN}
    with translation.override("de"):
        assert [text for text in review.LEFT.values() if translation.gettext(text) == text] == []


def test_what_a_person_wrote_stays_as_it_is() -> None:
    with translation.override("de"):
        assert reasons.in_words("Close") == "Close"


@pytest.mark.django_db
def test_an_offer_and_a_decision_that_fell_say_why_in_the_readers_language(worked: Case, milo: User, sam: User) -> None:
    decision = Standing.objects.filter(decision__case=worked, decision__code__isnull=False)[0].decision
    publishing.drop_drafts([decision.pk], by=sam)
    offer = Offer.objects.get(decision=decision)
    batch = review.claim(case=worked, by=milo)
    for kind in ("decide", "unsure"):
        acts.act(batch=batch, by=milo, wishes=[wish(tiles.units(batch)[0], kind)])
    item = Item.objects.get(content=Decision.objects.get(reason=reasons.UNSURE).content, case=worked)
    assert offer.reason == reasons.DECISION_SUPERSEDED
    languages.choose(sam, "de")
    client = signed_in(sam)
    for address, reason in (("/publish/?tab=waiting", offer.reason), (f"/items/{item.public_id}/", reasons.UNSURE)):
        page = client.get(address, secure=True).content.decode()
        with translation.override("de"):
            assert (f">{reason}<" in page, f">{reasons.in_words(reason)}<" in page) == (False, True)
