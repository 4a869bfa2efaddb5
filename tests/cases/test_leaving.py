"""What may leave a case: each rule of sharing.md section 5, what a second person sees, the set of harmless files."""

import json
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db import connection
from django.test import Client

from cases import acts, before_signing, matching, publishing, reasons, review, tiles
from cases.models import Batch, Case, Content, FileInstance, Item, Offer, Viewing
from cases.units import Wish
from hashsets import entries, feed, feed_pages, opinions, policies
from hashsets.models import Category, Entry, HashSet, Scheme
from tests import factories
from tests.cases import material
from tests.hashsets import makers
from workbench import checks
from workbench.models import Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    """Three pictures that Dana unveiled."""
    contents = material.pictures(case, dana, [f"p{n}" for n in range(3)])
    held = review.claim(case=case, by=dana)
    looks = [Viewing(user=dana, content=content, case=case, batch=held, revealed_ms=400) for content in contents]
    Viewing.objects.bulk_create(looks)
    return held


def decide(batch: Batch, place: int = 0, code: str = "1") -> Offer:
    """Decide one unit; the offer that came of it."""
    unit = tiles.units(batch)[place]
    wish = Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], code)
    assert [answer["status"] for answer in acts.act(batch=batch, by=batch.user, wishes=[wish])] == ["saved"]
    made: Offer = Offer.objects.order_by("-pk")[0]
    return made


def approve(offer: Offer, by: User, reason: str = "") -> dict[str, int]:
    """Approve; what was held and why."""
    return dict(publishing.settle(act="approve", offers=[offer.public_id], by=by, reason=reason).held)


def state(offer: Offer) -> tuple[str, str]:
    offer.refresh_from_db()
    return offer.state, offer.reason


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


def known_good(offer: Offer, by: User) -> HashSet:
    """A list that calls the offered file harmless, matched."""
    found = makers.hash_set(by, "System files", role="known-good", reach="node")
    content = offer.decision.content
    makers.publish(
        found,
        entries.NewEntry(bytes(content.sha256), bytes(content.md5), bytes(content.sha1), content.size, "5"),
        by=by,
    )
    matching.rematch(content.agency_id, found.pk)
    return found


def test_a_file_that_no_exhibit_here_holds_any_more_stays(sam: User, batch: Batch) -> None:
    offer = decide(batch)
    FileInstance.objects.filter(content=offer.decision.content).update(state="hashed")
    assert approve(offer, sam) == {reasons.NOT_HASHED: 1}
    assert state(offer) == ("held", reasons.NOT_HASHED)
    assert checks.broken(only=8) == []


def test_an_empty_file_stays(sam: User, batch: Batch) -> None:
    offer = decide(batch)
    Content.objects.filter(pk=offer.decision.content_id).update(size=0)
    assert approve(offer, sam) == {reasons.EMPTY: 1}


def test_a_category_that_the_sets_scheme_does_not_share_stays_and_the_others_go(sam: User, batch: Batch) -> None:
    one, other = decide(batch, 0, "3"), decide(batch, 1, "1")
    Category.objects.filter(scheme=one.set.scheme, code="3").update(publishable=False)
    outcome = publishing.approve(offers=[one.public_id, other.public_id], by=sam)
    assert (outcome.done, dict(outcome.held)) == (1, {reasons.UNMAPPED: 1})
    assert state(one) == ("held", reasons.UNMAPPED)


def test_what_a_list_calls_harmless_goes_to_a_supervisor_who_says_why(sam: User, ines: User, batch: Batch) -> None:
    offer = decide(batch)
    known_good(offer, ines)
    page = signed_in(sam).get("/publish/").content.decode()
    assert "Would be held: known-good clash" in page
    assert approve(offer, sam, "looked") == {reasons.KNOWN_GOOD: 1}  # a draft is not waved through
    assert approve(offer, sam) == {reasons.KNOWN_GOOD: 1}
    assert approve(offer, sam, "the list is wrong, I looked") == {}
    assert state(offer) == ("published", "the list is wrong, I looked")
    assert checks.broken() == []


def test_what_our_own_people_called_harmless_before_is_no_list(case: Case, sam: User, batch: Batch) -> None:
    harmless(case, sam)
    first = decide(batch, 0, "5")
    assert approve(first, sam) == {}
    second = decide(batch, 0, "1")
    assert approve(second, sam) == {}
    assert state(first)[0] == "withdrawn"


def harmless(case: Case, by: User) -> HashSet:
    return makers.hash_set(by, "Harmless", role="known-good", receives_offers=True, trust="provisional", reach="node")


def codes(hash_set: HashSet) -> list[str]:
    found = Entry.objects.filter(set=hash_set, removed_in=None)
    return sorted(found.values_list("code", flat=True))


def test_harmless_decisions_go_to_a_set_of_their_own_where_there_is_one(case: Case, sam: User, batch: Batch) -> None:
    assert decide(batch, 0, "5").set == publishing.publishing_set(case)
    apart = harmless(case, sam)
    offer, relevant = decide(batch, 1, "5"), decide(batch, 2, "1")
    assert (offer.set, relevant.set) == (apart, publishing.publishing_set(case))
    assert approve(offer, sam) == {}
    assert codes(apart) == ["5"]
    assert publishing.offer_case(case=case, by=sam).done == 0  # everything is offered already
    assert checks.broken() == []


def test_what_turns_out_harmless_leaves_one_set_as_it_comes_into_the_other(case: Case, sam: User, batch: Batch) -> None:
    apart, main = harmless(case, sam), publishing.publishing_set(case)
    assert main is not None
    first = decide(batch, 0, "1")
    approve(first, sam)
    second = decide(batch, 0, "5")
    assert (codes(main), second.set) == (["1"], apart)
    approve(second, sam)
    assert (codes(main), codes(apart)) == ([], ["5"])
    assert (state(first)[0], state(second)[0]) == ("withdrawn", "published")
    assert checks.broken() == []


def test_the_set_of_harmless_files_proposes_from_corroborated_and_closes_from_trusted(
    case: Case, sam: User, batch: Batch
) -> None:
    apart = harmless(case, sam)
    approve(decide(batch, 0, "5"), sam)
    others = [factories.person(factories.agency(name), name, Role.SUPERVISOR) for name in ("east", "west")]
    seen = []
    for voter in [None, *others]:
        row = Entry.objects.get(set=apart, removed_in=None)
        if voter:
            opinions.say(apart, row.id, code="5", looked=True, by=voter)
        seen.append(effects(apart, case.agency_id))
    assert seen == [(0, 0), (1, 1), (1, 2)]  # without leave to discard, and with it
    assert policies.in_force(apart, case.agency, "not_relevant").min_trust == "corroborated"


def effects(hash_set: HashSet, agency: int) -> tuple[int, int]:
    """What the entry in force may do in an agency, without and with leave to discard."""
    ask = """SELECT hashsets_effect_by(r.role, r.retired, r.action, r.min_trust, d, v.code, v.disposition, v.trust,
      v.conflict, v.state) FROM hashsets_verdict v JOIN hashsets_rule r USING (agency_id, set_id, disposition),
      unnest(ARRAY[false, true]) WITH ORDINALITY AS u (d, n)
      WHERE v.set_id = %s AND v.agency_id = %s AND v.in_force ORDER BY n"""
    with connection.cursor() as cursor:
        cursor.execute(ask, [hash_set.pk, agency])
        without, with_leave = (row[0] for row in cursor.fetchall())
    return without, with_leave


def wire_record(hash_set: HashSet) -> dict[str, Any]:
    """The one record that a reader with every scope gets, as it comes out of the feed."""
    feed.of(hash_set)
    feed.number(hash_set.pk)
    head = HashSet.objects.get(pk=hash_set.pk).feed.head_seq
    page = feed_pages.baseline(hash_set, snapshot=head, limit=10)
    sent = msgspec.json.encode(feed_pages.media(page.steps[0], hash_set.scheme.scheme_id, full=True))
    record: dict[str, Any] = json.loads(sent)
    return record


def ahead(offer: Offer) -> before_signing.Ahead:
    row = Offer.objects.select_related(
        "decision__content", "decision__scheme", "set__scheme", "set__owner", "agency"
    ).get(pk=offer.pk)
    return before_signing.of([row])[offer.pk]


def test_what_is_shown_before_the_second_signature_is_what_leaves_byte_for_byte(sam: User, batch: Batch) -> None:
    offer = decide(batch)
    shown = ahead(offer)
    assert shown.sent is not None
    assert shown.sent.is_new
    approve(offer, sam)
    sent = wire_record(offer.set)
    given = {name: sent.pop(name) for name in ("EntryID", "Seq", "DateUpdated")}
    assert all(given.values())
    assert shown.sent.record == json.dumps(sent, separators=(",", ":"))
    page = signed_in(sam).get("/publish/?tab=published")
    assert page.status_code == 200


def test_of_what_is_there_already_the_difference_is_shown(sam: User, ines: User, batch: Batch) -> None:
    offer = decide(batch)
    content = offer.decision.content
    makers.publish(
        offer.set,
        entries.NewEntry(bytes(content.sha256), bytes(content.md5), bytes(content.sha1), content.size, "2"),
        by=ines,
    )
    shown = ahead(offer)
    assert shown.sent is not None
    assert {name: (was, becomes) for name, was, becomes in shown.sent.differs} == {
        "MimeType": ("null", content.mime),
        "Trust": ("provisional", "corroborated"),
        "Votes": ("1", "2"),
        "CategorySpread": ("1", "2"),
    }
    approve(offer, sam)
    sent = wire_record(offer.set)
    del sent["Seq"], sent["DateUpdated"]
    assert shown.sent.record == json.dumps(sent, separators=(",", ":"))


def test_of_a_withdrawal_the_tombstone_is_shown(sam: User, dana: User, batch: Batch) -> None:
    offer = decide(batch)
    approve(offer, sam)
    publishing.ask_withdrawal(offers=[offer.public_id], by=dana, reason="misread")
    shown = ahead(offer)
    assert shown.sent is not None
    assert json.loads(shown.sent.record) == {
        "EntryID": str(Entry.objects.get(set=offer.set, removed_in=None).public_id),
        "reason": "deleted",
    }
    page = signed_in(sam).get("/publish/").content.decode()
    assert "the entry leaves the set" in page


def test_the_page_shows_the_record_and_what_the_category_is_elsewhere(case: Case, sam: User, batch: Batch) -> None:
    offer = decide(batch)
    scheme = offer.decision.scheme
    Scheme.objects.filter(pk=scheme.pk).update(mappings=[{"to": "us-pvic", "codes": {"1": "2"}, "loses": ""}])
    answer = signed_in(sam).get("/publish/")
    assert [row["maps_to"] for row in answer.context["waiting"]] == [["us-pvic 2"]]
    page = answer.content.decode()
    assert "Exactly what leaves" in page
    assert bytes(offer.decision.content.sha256).hex().upper() in page
    assert case.number not in page.split("Exactly what leaves")[1].split("</details>")[0]


def test_a_decision_is_never_published_by_one_person_whatever_way_he_takes(dana: User, sam: User, batch: Batch) -> None:
    offer = decide(batch)
    item = Item.objects.get(content=offer.decision.content)
    assert item.state == "decided"
    answer = signed_in(dana).post("/publish/act/", {"act": "approve", "offer": [str(offer.public_id)]})
    assert (answer.status_code, state(offer)[0]) == (403, "draft")
    assert approve(offer, sam) == {}
    entry = Entry.objects.get(set=offer.set, removed_in=None)
    with pytest.raises(opinions.DecidedInACase):
        opinions.say(offer.set, entry.id, code="5", looked=True, by=sam)
