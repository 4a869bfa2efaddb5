"""What a set knows leaves the queue, what it no longer knows comes back, and why."""

import threading
import time

import pytest
from django.db import connection, transaction

from cases import decisions, ending, investigations, matching, publishing, review, tiles
from cases.errors import AnotherPersonNeeded, OfferMoved, ReasonNeeded
from cases.models import Case, Decision, Item, Match, Offer, Tally, Viewing
from cases.units import Wish
from hashsets import entries, policies
from hashsets.models import Entry, HashSet
from tests.cases import material
from tests.cases.test_acts import counts, wish
from tests.hashsets import makers
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def sync() -> None:
    for pair in matching.behind():
        matching.rematch(*pair)
    assert matching.behind() == []


def entry(name: str, code: str = "1", /, **digests: bytes | None) -> entries.NewEntry:
    sha256, md5, sha1 = material.digests(name)
    return entries.NewEntry(**({"sha256": sha256, "md5": md5, "sha1": sha1, "size": 1000} | digests), code=code)  # type: ignore[arg-type]


def own_set(case: Case) -> HashSet:
    found = publishing.publishing_set(case)
    assert found is not None
    return found


def test_a_new_generation_takes_known_items_out_and_a_withdrawal_brings_them_back(
    case: Case, dana: User, sam: User
) -> None:
    material.pictures(case, dana, ["a", "b"])
    sync()
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), by=sam)
    sync()
    assert counts(case) == {"known": 1, "open": 1}
    assert Tally.objects.get(case=case, exhibit=None, state="known").known == 1
    makers.withdraw(hash_set, *Entry.objects.values_list("id", flat=True), by=sam)
    sync()
    assert counts(case) == {"open": 2}
    assert Match.objects.get().lost_in == 2
    told = AuditEvent.objects.filter(verb="match.update", case=case.public_id)
    assert [event.body.count('"left":1') + event.body.count('"back":1') for event in told] == [1, 1]


def test_new_files_are_matched_on_arrival(case: Case, dana: User, sam: User) -> None:
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    material.pictures(case, dana, ["a", "b"])
    assert counts(case) == {"known": 1, "open": 1}


@pytest.mark.parametrize(
    ("digests", "state", "kind"),
    [
        # SHA-256 alone is strong
        ({"md5": None, "sha1": None, "size": None}, "known", "sha256"),
        # MD5 and SHA-1 with no other size are strong
        ({"sha256": None}, "known", "md5+sha1"),
        ({"sha256": None, "size": None}, "known", "md5+sha1"),
        # another size makes them weak
        ({"sha256": None, "size": 999}, "open", "md5+sha1"),
        # MD5 alone never hides a file
        ({"sha256": None, "sha1": None}, "open", "md5"),
        # another SHA-256 beside an equal MD5 and SHA-1 is another file
        ({"sha256": b"\1" * 32}, "open", "md5+sha1"),
    ],
)
def test_only_a_strong_match_hides(
    case: Case, dana: User, sam: User, digests: dict[str, bytes | None], state: str, kind: str
) -> None:
    makers.publish(own_set(case), entry("a", **digests), by=sam)
    sync()
    material.pictures(case, dana, ["a"])
    assert Item.objects.get().state == state
    assert Match.objects.get().kind == kind


def test_a_policy_decides_what_a_match_of_another_agency_does(case: Case, dana: User, sam: User, ines: User) -> None:
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    material.pictures(theirs, ines, ["a", "b"])
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), by=sam)
    sync()
    assert counts(theirs) == {"open": 2}  # others' sets propose, and only from `trusted` on
    policies.set_policy(
        agency=theirs.agency,
        hash_set=hash_set,
        disposition=None,
        action="propose",
        min_trust="provisional",
        by=ines,
    )
    sync()
    assert counts(theirs) == {"confirm": 1, "open": 1}
    policies.set_policy(
        agency=theirs.agency, hash_set=hash_set, disposition=None, action="accept", min_trust="provisional", by=ines
    )
    sync()
    assert counts(theirs) == {"known": 1, "open": 1}
    policies.set_policy(
        agency=theirs.agency, hash_set=hash_set, disposition=None, action="off", min_trust="provisional", by=ines
    )
    sync()
    assert counts(theirs) == {"open": 2}


def test_a_unit_on_screen_is_not_changed_but_told_to_have_left(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    assert counts(case) == {"open": 2}
    [left] = review.left_queue(batch)
    assert left["reason"] == "known in Northmoor, Landscapes T1, version 1"
    ending.close(batch=batch, by=dana)
    assert counts(case) == {"known": 1, "open": 1}


def offer_of(case: Case, dana: User) -> Offer:
    from cases import acts

    [content] = material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    Viewing.objects.create(user=dana, content=content, case=case, batch=batch, revealed_ms=500)
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0])])
    return Offer.objects.get()


def test_publishing_takes_another_person_and_reaches_the_other_agency(
    case: Case, dana: User, sam: User, ines: User
) -> None:
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    material.pictures(theirs, ines, ["a", "b"])
    offer = offer_of(case, dana)
    hash_set = own_set(case)
    policies.set_policy(
        agency=theirs.agency, hash_set=hash_set, disposition=None, action="accept", min_trust="provisional", by=ines
    )
    with pytest.raises(OfferMoved):
        publishing.approve(offers=[offer.public_id], by=ines)  # another agency's offers do not exist for him
    with pytest.raises(AnotherPersonNeeded):
        publishing.approve(offers=[offer.public_id], by=dana)
    assert publishing.approve(offers=[offer.public_id], by=sam).done == 1
    sync()
    assert counts(theirs) == {"known": 1, "open": 1}
    assert counts(case) == {"decided": 1}


def test_withdrawal_is_the_same_road_back(case: Case, dana: User, sam: User, ines: User) -> None:
    offer = offer_of(case, dana)
    publishing.approve(offers=[offer.public_id], by=sam)
    with pytest.raises(ReasonNeeded):
        publishing.ask_withdrawal(offers=[offer.public_id], by=dana, reason=" ")
    publishing.ask_withdrawal(offers=[offer.public_id], by=dana, reason="misread")
    with pytest.raises(AnotherPersonNeeded):
        publishing.settle(act="approve", offers=[offer.public_id], by=dana)
    assert publishing.settle(act="approve", offers=[offer.public_id], by=sam).done == 1
    sync()
    assert Match.objects.filter(lost_in=None).count() == 0
    assert Offer.objects.get().state == "withdrawn"


def test_a_draft_whose_decision_was_taken_back_is_returned_and_cannot_be_approved(
    case: Case, dana: User, sam: User
) -> None:
    from uuid import uuid4

    from cases import acts
    from cases.models import Act, Batch, Stack

    offer = offer_of(case, dana)
    act, batch = Act.objects.get(), Batch.objects.get()
    undo = Wish(uuid4(), "undo", Stack.objects.get().public_id, 2, undoes=act.idempotency_key)
    acts.act(batch=batch, by=dana, wishes=[undo])
    with pytest.raises(OfferMoved):
        publishing.approve(offers=[offer.public_id], by=sam)
    assert Offer.objects.get().state == "returned"


def test_what_a_set_proposes_is_confirmed_without_becoming_an_opinion(
    case: Case, dana: User, sam: User, ines: User
) -> None:
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    material.pictures(theirs, ines, ["a", "b"])
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a", "2"), by=sam)
    policies.set_policy(
        agency=theirs.agency, hash_set=hash_set, disposition=None, action="propose", min_trust="provisional", by=ines
    )
    sync()
    items = list(Item.objects.filter(case=theirs).values_list("public_id", flat=True))
    assert decisions.confirm(case=theirs, items=items, by=ines) == 1
    assert counts(theirs) == {"decided": 1, "open": 1}
    decision = Decision.objects.get()
    assert (decision.code, decision.basis) == ("2", "inherited")
    assert not Offer.objects.exists()
    assert decisions.confirm(case=theirs, items=items, by=ines) == 0


@pytest.mark.django_db(transaction=True)
def test_files_that_come_in_while_a_set_is_matched_for_the_first_time_are_not_passed_by(
    case: Case, dana: User, sam: User
) -> None:
    makers.publish(own_set(case), entry("a"), by=sam)
    (pair,) = matching.behind()

    def match_first() -> None:
        try:
            matching.rematch(*pair)
        finally:
            connection.close()

    other = threading.Thread(target=match_first)
    with transaction.atomic():
        material.pictures(case, dana, ["a"])  # the set has not been matched yet: this finds nothing
        other.start()
        other.join(1.0)
        assert other.is_alive()  # it waits for these files
    other.join(30)
    assert counts(case) == {"known": 1}


@pytest.mark.django_db(transaction=True)
def test_a_set_made_while_somebody_matches_waits_for_him_and_neither_is_broken_off(sam: User) -> None:
    made = list[HashSet]()

    def make() -> None:
        try:
            made.append(makers.hash_set(sam))
        finally:
            connection.close()

    making = threading.Thread(target=make)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_match SET distance = distance")
        making.start()
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'cases_match'::regclass AND NOT granted")
            if waits := cursor.fetchone()[0]:
                break
            time.sleep(0.05)
        cursor.execute("SELECT count(*) FROM hashsets_entry")
    making.join(30)
    assert (waits, len(made)) == (1, 1)
