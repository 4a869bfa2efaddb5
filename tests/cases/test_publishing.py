"""Offers on their way into a set and back: what a second person may do, in which order, and into which set."""

import json
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from cases import acts, decisions, matching, publishing, review, tiles
from cases.errors import AnotherPersonNeeded, NoPublishingSet, OfferMoved
from cases.models import Batch, Case, Decision, Item, Offer, Viewing
from cases.units import Wish
from hashsets import entries, policies, sets
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from tests import factories, statements
from tests.cases import material
from tests.hashsets import makers
from workbench import checks, storage
from workbench.models import Role, User

PATIENCE = 30  # seconds


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    """Six pictures that Dana unveiled."""
    contents = material.pictures(case, dana, [f"p{n}" for n in range(6)])
    held = review.claim(case=case, by=dana)
    looks = [Viewing(user=dana, content=content, case=case, batch=held, revealed_ms=400) for content in contents]
    Viewing.objects.bulk_create(looks)
    return held


def decide(batch: Batch, units: list[dict[str, Any]], code: str = "1") -> list[UUID]:
    """Decide units of the batch; the drafts that wait now."""
    now = {unit["id"]: unit["version"] for unit in tiles.units(batch)}
    wishes = [Wish(uuid4(), "decide", UUID(unit["id"]), now[unit["id"]], code) for unit in units]
    assert {answer["status"] for answer in acts.act(batch=batch, by=batch.user, wishes=wishes)} == {"saved"}
    drafts = Offer.objects.filter(state=Offer.State.DRAFT).order_by("pk")
    return list(drafts.values_list("public_id", flat=True))


def own_set(case: Case) -> HashSet:
    found = publishing.publishing_set(case)
    assert found is not None
    return found


def in_force(case: Case) -> list[str]:
    found = Item.objects.values_list("content__sha256", "content__md5", "content__sha1")
    rows = [NewEntry(bytes(c), bytes(a), bytes(b), size=None, code="") for c, a, b in found]
    hash_set = HashSet.objects.get(pk=own_set(case).pk)
    codes = hash_set.entry_set.filter(removed_in=None).values_list("code", flat=True)
    assert len(entries.in_force(hash_set, rows)) == len(codes)
    return sorted(codes)


@pytest.mark.django_db
def test_a_draft_and_the_withdrawal_it_replaces_are_approved_together(case: Case, sam: User, batch: Batch) -> None:
    unit = tiles.units(batch)[0]
    publishing.approve(offers=decide(batch, [unit]), by=sam)
    decide(batch, [unit], "2")
    waiting = list(Offer.objects.order_by("pk"))
    assert [offer.state for offer in waiting] == ["withdrawal", "draft"]
    done = publishing.settle(act="approve", offers=[offer.public_id for offer in waiting], by=sam)
    assert done.done == 2
    assert list(Offer.objects.order_by("pk").values_list("state", flat=True)) == ["withdrawn", "published"]
    assert in_force(case) == ["2"]
    assert checks.broken() == []


@pytest.mark.django_db
def test_withdrawals_that_nothing_replaces_are_confirmed_beside_drafts(case: Case, sam: User, batch: Batch) -> None:
    one, two, three, *_rest = tiles.units(batch)
    publishing.approve(offers=decide(batch, [one, two]), by=sam)
    decide(batch, [one], "4")  # 4 is never published
    decide(batch, [three])
    waiting = Offer.objects.exclude(state=Offer.State.PUBLISHED).values_list("public_id", flat=True)
    assert publishing.settle(act="approve", offers=list(waiting), by=sam).done == 2
    assert sorted(Offer.objects.values_list("state", flat=True)) == ["published", "published", "withdrawn"]
    assert in_force(case) == ["1", "1"]
    assert checks.broken() == []


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "state"), [("approve", "published"), ("return", "returned")])
def test_what_is_held_is_published_or_given_back_later(
    case: Case, dana: User, sam: User, batch: Batch, step: str, state: str
) -> None:
    drafts = decide(batch, tiles.units(batch)[:1])
    publishing.settle(act="hold", offers=drafts, by=sam, reason="wait for the lab")
    with pytest.raises(OfferMoved):
        publishing.settle(act="hold", offers=drafts, by=sam, reason="still")
    with pytest.raises(AnotherPersonNeeded):
        publishing.settle(act="approve", offers=drafts, by=dana)
    page = signed_in(sam).get("/publish/?tab=held").content.decode()
    assert f'value="{drafts[0]}"' in page
    assert 'value="hold"' not in page
    form = {"act": step, "offer": [str(drafts[0])], "reason": "the lab answered"}
    assert signed_in(sam).post("/publish/act/", form).status_code == 302
    assert Offer.objects.get().state == state
    assert checks.broken() == []


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


@pytest.mark.django_db
def test_the_page_counts_what_waits_by_category(case: Case, dana: User, sam: User, batch: Batch) -> None:
    units = tiles.units(batch)
    publishing.approve(offers=decide(batch, units[:1]), by=sam)
    publishing.ask_withdrawal(offers=[Offer.objects.get().public_id], by=dana, reason="misread")
    decide(batch, units[1:3])
    decide(batch, units[3:5], "2")
    answer = signed_in(sam).get("/publish/")
    rows = [(row["category"].code, row["publish"], row["withdraw"]) for row in answer.context["waiting"]]
    assert rows == [("1", 2, 1), ("2", 2, 0)]


@pytest.mark.django_db
def test_a_supervisor_looks_corrects_what_is_published_and_another_one_puts_it_in_its_place(
    case: Case, sam: User, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "preview", lambda _agency, _digest: b"jpeg")
    unit = tiles.units(batch)[0]
    publishing.approve(offers=decide(batch, [unit]), by=sam)
    client = signed_in(sam)
    token = client.get(f"/media/{unit['item']}/clear")["X-Viewing"]
    looks = json.dumps({"viewings": [{"token": token, "revealed_ms": 1}]})
    assert client.post("/api/v1/viewings", looks, content_type="application/json").status_code == 200
    client.post(f"/items/{unit['item']}/supersede/", {"code": "2", "reason": "a coast"})
    assert list(Offer.objects.order_by("pk").values_list("state", flat=True)) == ["withdrawal", "draft"]
    mira = factories.person(case.agency, "mira", Role.SUPERVISOR)
    chosen = [str(one) for one in Offer.objects.values_list("public_id", flat=True)]
    signed_in(mira).post("/publish/act/", {"act": "approve", "offer": chosen})
    assert in_force(case) == ["2"]
    assert checks.broken() == []


@pytest.mark.django_db
def test_decisions_are_offered_only_to_the_agencys_own_set_for_them(
    case: Case, dana: User, sam: User, ines: User, batch: Batch
) -> None:
    decide(batch, tiles.units(batch)[:1])
    theirs = makers.hash_set(ines, "Theirs", reach="node", receives_offers=True)
    imported = makers.hash_set(sam, "Imported")
    foreign = makers.hash_set(sam, "Other scheme", scheme="us-pvic", receives_offers=True)
    retired = own_set(case)
    sets.retire(retired, by=sam, reason="over")
    retired.refresh_from_db()
    for hash_set in (theirs, imported, foreign, retired):
        with pytest.raises(NoPublishingSet):
            publishing.offer_case(case=case, by=dana, to=hash_set)
    assert Offer.objects.count() == 1


@pytest.mark.django_db
def test_an_offer_is_held_once_its_set_takes_no_decisions_any_more(case: Case, sam: User, batch: Batch) -> None:
    drafts = decide(batch, tiles.units(batch)[:2])
    sets.retire(own_set(case), by=sam, reason="over")
    outcome = publishing.approve(offers=drafts, by=sam)
    assert (outcome.done, dict(outcome.held)) == (0, {"the set does not take these decisions": 2})
    assert set(Offer.objects.values_list("state", flat=True)) == {Offer.State.HELD}
    assert checks.broken() == []


@pytest.mark.django_db
def test_approving_many_costs_as_many_queries_as_one_and_locks_the_log_last(sam: User, batch: Batch) -> None:
    first, second, *others = tiles.units(batch)
    publishing.approve(offers=decide(batch, [first]), by=sam)  # the first version of a set costs a little more
    spent = []
    for units in ([second], others):
        drafts = decide(batch, units)
        with statements.sent() as told:
            publishing.approve(offers=drafts, by=sam)
        spent.append(len(told))
        head = next(place for place, sql in enumerate(told) if "workbench_auditlog" in sql and "FOR UPDATE" in sql)
        assert not [sql for sql in told[head + 1 :] if "FOR UPDATE" in sql or "FOR NO KEY" in sql or "cases_" in sql]
    assert spent == [26, 26]


@pytest.mark.django_db(transaction=True)
def test_what_a_set_stops_proposing_meanwhile_is_not_confirmed(case: Case, dana: User, sam: User, ines: User) -> None:
    material.pictures(case, dana, ["a"])
    hash_set = makers.hash_set(ines, "Theirs", reach="node")
    digests = material.digests("a")
    makers.publish(hash_set, entries.NewEntry(digests[0], digests[1], digests[2], 1000, "1"), by=ines)

    def policy(action: str) -> None:
        policies.set_policy(
            agency=case.agency, hash_set=hash_set, disposition=None, action=action, min_trust="provisional", by=sam
        )
        matching.rematch(case.agency_id, hash_set.pk)

    policy("propose")
    item = Item.objects.get()
    assert item.state == "confirm"
    confirmed: list[int] = []

    def confirm() -> None:
        try:
            confirmed.append(decisions.confirm(case=case, items=[item.public_id], by=dana))
        finally:
            connection.close()

    thread = threading.Thread(target=confirm)
    with transaction.atomic():
        policy("off")
        thread.start()
        thread.join(2)  # it waits for the content
    thread.join(PATIENCE)
    assert confirmed == [0]
    assert not Decision.objects.exists()
