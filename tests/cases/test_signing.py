"""Publish in steps: cases are chosen, what is ready in them is checked, and the very same is signed."""

import re
from typing import Any

import pytest

from cases import listing, publishing, tiles, to_sign
from cases.models import Batch, Case, FileInstance, Offer
from hashsets import feed
from hashsets.models import Peer, Share
from tests import factories
from tests.cases.test_publishing import batch, decide, in_force, own_set, signed_in
from tests.hashsets import paired
from tests.hashsets.pages import text
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db
__all__ = ["batch"]  # the fixture


def seen(page: str) -> str:
    """What the form says was shown."""
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def test_what_was_checked_is_signed_at_once_and_its_readers_are_named(case: Case, sam: User, batch: Batch) -> None:
    decide(batch, tiles.units(batch)[:2])
    decide(batch, tiles.units(batch)[2:3], "2")
    supervisor = signed_in(sam)
    chosen = supervisor.get("/publish/sign/").content.decode()
    assert f'name="case" value="{case.public_id}" checked' in chosen
    address = f"/publish/sign/?case={case.public_id}"
    page = supervisor.get(address).content.decode()
    assert "Sign and publish 3 hashes" in page
    assert page.count("&quot;SHA256&quot;") == 3
    done = supervisor.post(address, {"case": str(case.public_id), "seen": seen(page)}, follow=True)
    assert "3 hashes signed." in text(done)
    assert f"{own_set(case).name} is at version 1" in text(done)
    assert in_force(case) == ["1", "1", "2"]
    assert checks.broken() == []
    assert "Nothing waits for a signature" in text(supervisor.get("/publish/sign/"))


def test_what_changed_since_it_was_shown_is_not_signed_unseen(case: Case, sam: User, batch: Batch) -> None:
    decide(batch, tiles.units(batch)[:1])
    supervisor = signed_in(sam)
    shown = seen(supervisor.get(f"/publish/sign/?case={case.public_id}").content.decode())
    decide(batch, tiles.units(batch)[1:2])
    form = {"case": str(case.public_id), "seen": shown}
    again = supervisor.post("/publish/sign/", form, follow=True)
    assert "What is ready is not what you saw" in text(again)
    assert "Sign and publish 2 hashes" in text(again)
    assert set(Offer.objects.values_list("state", flat=True)) == {"draft"}


def test_what_one_asked_for_oneself_is_counted_and_another_signs_it(
    case: Case, dana: User, sam: User, batch: Batch
) -> None:
    drafts = decide(batch, tiles.units(batch)[:1])
    publishing.approve(offers=drafts, by=sam)
    publishing.ask_withdrawal(offers=drafts, by=sam, reason="misread")
    page = text(signed_in(sam).get(f"/publish/sign/?case={case.public_id}"))
    assert "1 is your own" in page
    assert "Nothing here is ready for your signature" in page
    assert signed_in(dana).get("/publish/sign/").status_code == 403


def test_a_peer_is_a_reader_until_it_was_told_and_then_has_it(case: Case, sam: User, batch: Batch) -> None:
    hash_set = own_set(case)
    peer = paired.peer(case.agency, factories.agency("eastmoor"), by=sam, confirmed_by=batch.user)
    Peer.objects.update(url="https://east.example/odata/v1/")
    share = Share.objects.create(peer=peer, set=hash_set, by=sam, by_name=sam.name)
    feed.of(hash_set)
    decide(batch, tiles.units(batch)[:1])
    address = f"/publish/sent/?set={hash_set.public_id}"
    supervisor = signed_in(sam)
    page = supervisor.get(f"/publish/sign/?case={case.public_id}").content.decode()
    assert peer.organisation.name in page
    supervisor.post("/publish/sign/", {"case": str(case.public_id), "seen": seen(page)})
    assert "has not asked since" in text(supervisor.get(address))
    assert feed.number(hash_set.pk) == 1
    Share.objects.filter(pk=share.pk).update(seq=1)
    assert "has it" in text(supervisor.get(address))


@pytest.mark.parametrize("between", ["page and signature", "look and lock"])
def test_what_was_shown_as_new_is_not_withdrawn_unseen(
    between: str, case: Case, dana: User, sam: User, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = decide(batch, tiles.units(batch)[:1])
    supervisor = signed_in(sam)
    shown = seen(supervisor.get(f"/publish/sign/?case={case.public_id}").content.decode())

    def turned() -> None:
        publishing.approve(offers=drafts, by=sam)
        publishing.ask_withdrawal(offers=drafts, by=dana, reason="misread")

    if between == "look and lock":
        real = to_sign.look

        def look(*args: Any) -> to_sign.ToSign:
            found = real(*args)
            turned()
            return found

        monkeypatch.setattr(to_sign, "look", look)
    else:
        turned()
    supervisor.post("/publish/sign/", {"case": str(case.public_id), "seen": shown})
    assert Offer.objects.get().state == "withdrawal"


def test_what_a_rule_holds_keeps_nothing_else_from_being_signed(
    case: Case, sam: User, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_sign, "MOST", 1)
    monkeypatch.setattr(listing, "PAGE", 1)
    decide(batch, tiles.units(batch)[:2])
    FileInstance.objects.filter(content=Offer.objects.order_by("pk")[0].decision.content).update(state="hashed")
    supervisor = signed_in(sam)
    address = f"/publish/sign/?case={case.public_id}"
    page = supervisor.get(address).content.decode()
    assert "Sign and publish 1 hash" in page
    assert "1 would be held" in page
    supervisor.post(address, {"case": str(case.public_id), "seen": seen(page)})
    assert list(Offer.objects.order_by("pk").values_list("state", flat=True)) == ["draft", "published"]
