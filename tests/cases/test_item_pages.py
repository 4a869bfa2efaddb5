"""Finding items again that nobody decided, and what the page of one says about it."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from cases import acts, decisions, ending, figures, matching, publishing, review, tiles
from cases.models import Batch, Case, Exhibit, Item, Offer
from cases.units import Wish
from tests.cases import material
from tests.cases.test_pages import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db


def press(batch: Batch, by: User, *keys: str) -> list[Item]:
    """Press a key on each unit of the batch in turn; the items they were pressed on."""
    touched = []
    for unit, key in zip(tiles.units(batch), keys, strict=False):
        wish = Wish(uuid4(), key, UUID(unit["id"]), unit["version"], "1" if key == "decide" else None)
        acts.act(batch=batch, by=by, wishes=[wish])
        touched.append(Item.objects.get(public_id=unit["item"]))
    return touched


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, ["a", "b", "c", "d"])
    return review.claim(case=case, by=dana)


def shown(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_what_was_marked_is_found_by_its_mark(case: Case, dana: User, batch: Batch) -> None:
    unsure, skipped, flagged = press(batch, dana, "unsure", "skip", "flag")
    client, items = signed_in(dana), f"/cases/{case.public_id}/items/"
    for query, item in (("state=unsure", unsure), ("mark=skipped", skipped), ("mark=flagged", flagged)):
        page = shown(client, f"{items}?{query}")
        assert [one for one in (unsure, skipped, flagged) if f"/items/{one.public_id}/" in page] == [item], query
        assert f'href="{items}?{query}"' in shown(client, f"/cases/{case.public_id}/")
    assert client.get(f"{items}?mark=lost").status_code == 400


def test_the_list_says_how_many_it_holds_where_that_is_kept(case: Case, dana: User, batch: Batch) -> None:
    press(batch, dana, "unsure", "decide")
    client, items = signed_in(dana), f"/cases/{case.public_id}/items/"
    exhibit = Exhibit.objects.get()
    for query, total in (("", "4 items"), ("state=unsure", "1 item<"), (f"exhibit={exhibit.public_id}", "4 items")):
        assert total in shown(client, f"{items}?{query}"), query
    assert " items<" not in shown(client, f"{items}?mark=flagged")
    assert figures.by_state(case, exhibit) == figures.by_state(case)


def test_an_items_page_says_what_i_left_on_it_and_nobody_elses_marks(
    case: Case, dana: User, milo: User, batch: Batch
) -> None:
    unsure, skipped, _flagged, decided = press(batch, dana, "unsure", "skip", "flag", "decide")
    said = {item: shown(signed_in(dana), f"/items/{item.public_id}/") for item in (unsure, skipped, decided)}
    assert "You marked it unsure." in said[unsure]
    assert "Somebody looked and was unsure." in said[unsure]
    assert "You skipped it." in said[skipped]
    assert "Nobody has decided it yet." in said[skipped]
    assert "It is in your open batch" in said[decided]
    assert "You marked it unsure." not in shown(signed_in(milo), f"/items/{unsure.public_id}/")
    ending.close(batch=batch, by=dana)
    assert "a supervisor of your agency can supersede" in shown(signed_in(dana), f"/items/{decided.public_id}/")


def test_a_mark_that_was_taken_back_is_not_told(case: Case, dana: User, batch: Batch) -> None:
    [item] = press(batch, dana, "unsure")
    unit = tiles.units(batch)[0]
    key = item.stack.act_set.get().idempotency_key
    acts.act(batch=batch, by=dana, wishes=[Wish(uuid4(), "undo", UUID(unit["id"]), unit["version"], None, undoes=key)])
    assert "You marked it unsure." not in shown(signed_in(dana), f"/items/{item.public_id}/")


def test_when_nothing_is_left_to_claim_the_page_names_what_waits_and_where(
    case: Case, dana: User, milo: User, batch: Batch
) -> None:
    press(batch, dana, "unsure", "decide")
    page = signed_in(milo).post(f"/cases/{case.public_id}/next/", follow=True).content.decode()
    assert "1 item is marked unsure and waits for a second view. 2 items are held by colleagues." in page
    assert f'<a href="/cases/{case.public_id}/items/?state=unsure">' in page


def test_a_case_without_evidence_says_so(case: Case, dana: User) -> None:
    page = signed_in(dana).post(f"/cases/{case.public_id}/next/", follow=True).content.decode()
    assert "No evidence yet. Add evidence" in page
    assert page.count(f'href="/cases/{case.public_id}/evidence/new/"') == 1


def test_published_decisions_of_the_case_are_told_apart_from_what_others_knew(
    case: Case, dana: User, sam: User
) -> None:
    first, _second = material.pictures(case, dana, ["a", "b"])
    decisions.decide_content(case=case, content=first, code="1", by=dana, via="test", viewed=True)
    told = "1 of the known items was decided in this case too."
    assert told not in shown(signed_in(dana), f"/cases/{case.public_id}/")
    publishing.settle(act="approve", offers=[Offer.objects.get().public_id], by=sam, reason="")
    for agency, hash_set in matching.behind():
        matching.rematch(agency, hash_set)
    page = shown(signed_in(dana), f"/cases/{case.public_id}/")
    assert told in page
    assert "Saved so far" not in page  # somebody did look at it


def test_who_may_decide_on_the_page_is_not_told_of_an_earlier_decision_where_there_is_none(
    sam: User, dana: User, batch: Batch
) -> None:
    [decided] = press(batch, dana, "decide")
    fresh = Item.objects.exclude(pk=decided.pk).first()
    assert fresh
    for item, heading, other in ((fresh, "Decide it", "Supersede"), (decided, "Supersede the decision", "Decide it")):
        page = shown(signed_in(sam), f"/items/{item.public_id}/")
        assert heading in page
        assert other not in page
