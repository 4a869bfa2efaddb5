"""Where two people differ: what is shown to who rules, who may, what a ruling does, and what waits for it."""

import hashlib
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models.functions import Now
from django.urls import reverse

from cases import acts, decisions, ending, grounds, notes, overview, publishing, review, tiles, waits
from cases.errors import AlreadyRuled, AnotherPersonNeeded, NoteRefused, ReasonNeeded
from cases.models import (
    Batch,
    Case,
    Content,
    Decision,
    Disagreement,
    Grounds,
    Item,
    Offer,
    SecondOpinion,
    SecondView,
    Standing,
    Viewing,
)
from cases.second import acts as second_acts
from cases.second import holding, queue, ruling
from hashsets import sets
from tests.cases import material
from tests.cases.second.test_queue import decide, give
from tests.cases.test_acts import wish
from tests.people import signed_in
from workbench import checks, people
from workbench.errors import BadInput, NotFound
from workbench.models import AuditEvent, Membership, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def lee(sam: User) -> User:
    """Another supervisor."""
    return people.add_person(username="lee", name="Lee Marsh", agency=sam.agency, roles={Role.SUPERVISOR})


@pytest.fixture
def differing(case: Case, dana: User, milo: User) -> Disagreement:
    """Dana looked and said 2, Milo 1; the decision was offered."""
    decide(case, dana, "2", 1, viewed=True)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    return Disagreement.objects.get()


def test_who_rules_reads_the_notes_of_both_and_nobodys_name_and_what_lies_beside(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    decide(case, dana, "2", 1, viewed=True)
    batch = queue.claim(case=case, by=milo)
    item = SecondView.objects.get().item
    note = notes.Wanted(uuid4(), SecondView.objects.get().public_id, item.public_id, "a river, I think")
    [answer] = notes.keep(batch=batch, by=milo, wanted=[note])
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    page = signed_in(sam).get(reverse("cases:rulings")).content.decode()
    assert (answer["status"], "a river, I think" in page, milo.name in page) == ("saved", True, False)
    assert "Beside it in its folder" in page
    assert "a river" not in signed_in(dana).get(reverse("cases:rulings")).content.decode()


def test_nothing_is_published_before_the_second_view_nor_before_the_ruling(
    case: Case, dana: User, milo: User, sam: User, lee: User
) -> None:
    decide(case, dana, ["1", "2"], viewed=True)
    offers = list(Offer.objects.values_list("public_id", flat=True))
    assert publishing.approve(offers=offers, by=sam).held == {holding.AWAITED: 2}
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    assert publishing.approve(offers=offers, by=sam).held == {holding.AWAITED: 2}  # it counts when the batch is over
    ending.close(batch=batch, by=milo)
    outcome = publishing.approve(offers=offers, by=sam)
    assert (outcome.done, outcome.held) == (1, {holding.DIFFERENT: 1})
    assert [row.waits for row in ruling.waiting(sam, blocks=True)] == [True]
    Viewing.objects.create(user=sam, content=Disagreement.objects.get().decision.content, case=case, revealed_ms=300)
    ruling.rule(disagreement=Disagreement.objects.get(), code="2", reason="the shore is visible", by=sam)
    [waiting] = Offer.objects.filter(state="draft")
    assert publishing.approve(offers=[waiting.public_id], by=lee).done == 1
    assert checks.broken(None) == []


def test_what_approving_would_leave_is_counted_apart_with_its_reason(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    def told() -> tuple[list[int], list[tuple[int, str]], list[int]]:
        shown = signed_in(sam).get("/publish/").context
        publish = [row["publish"] for row in shown["waiting"]]
        mine = [row.number for row in waits.of(sam, []) if row.what == "To publish"]
        return publish, [(number, str(why)) for number, why, _link in shown["rest"]], mine

    decide(case, dana, ["1", "2"], viewed=True)
    assert told() == ([], [(2, "Waits for a second view.")], [])
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    assert told() == ([1], [(1, "Two people differ: waits for a ruling.")], [1])
    assert overview.offers_waiting(case, sam) == 1
    offers = list(Offer.objects.values_list("public_id", flat=True))
    assert publishing.approve(offers=offers, by=sam).done == 1  # as many as were counted
    assert told() == ([], [(1, "Two people differ: waits for a ruling.")], [])
    page = signed_in(sam).get("/publish/").content.decode()
    assert 'href="/ruling/"' in page.split("Not counted above")[1]
    hash_set = Offer.objects.filter(state="draft").get().set
    Disagreement.objects.update(closed_at=Now())
    assert told() == ([1], [], [1])
    sets.retire(hash_set, by=sam, reason="over")
    assert told() == ([], [(1, "Its set takes no decisions any more.")], [])
    [(number, why, _link)] = signed_in(dana).get("/publish/").context["rest"]
    assert (number, str(why)) == (1, "You decided or offered it, or asked for it: another person approves.")


def test_a_ruling_supersedes_closes_and_is_told_of(case: Case, sam: User, differing: Disagreement) -> None:
    first = differing.decision
    with pytest.raises(ReasonNeeded):
        ruling.rule(disagreement=differing, code="1", reason=" ", by=sam)
    written = ruling.rule(disagreement=differing, code="1", reason="no water line", by=sam)
    made = Decision.objects.get(pk=written.id)
    assert (made.supersedes, made.act.via, made.reason, made.basis) == (first, "ruling", "no water line", "veiled")
    differing.refresh_from_db()
    assert (differing.ruling, differing.ruled_by, differing.closed_at is not None) == (made, sam, True)
    assert Standing.objects.get().decision == made
    assert not SecondView.objects.filter(state="open").exists()  # a ruling wants no second view
    assert [event.verb for event in AuditEvent.objects.order_by("-seq")[:2]] == ["ruling.set", "decision.change"]
    with pytest.raises(AlreadyRuled):
        ruling.rule(disagreement=differing, code="2", reason="again", by=sam)
    assert checks.broken(None) == []


def test_nobody_rules_on_his_own_code_not_even_by_hand(milo: User, differing: Disagreement) -> None:
    Membership.objects.create(user=milo, agency=milo.agency, role=Role.SUPERVISOR)
    with pytest.raises(AnotherPersonNeeded):
        ruling.rule(disagreement=differing, code="1", reason="mine", by=milo)
    assert ruling.waiting(milo) == []
    for own in (differing.decided_by_id, differing.given_by_id):
        made = Decision.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            Disagreement.objects.update(ruling=made, ruled_by=own, closed_at=made.at)


def test_the_page_of_an_item_leads_who_may_rule_to_the_ruling(
    dana: User, milo: User, sam: User, lee: User, differing: Disagreement
) -> None:
    item, ruled = reverse("cases:item", args=[Item.objects.get().public_id]), f"/ruling/{differing.public_id}/"
    Membership.objects.create(user=milo, agency=milo.agency, role=Role.SUPERVISOR)  # he gave one of the two codes
    for person, leads in ((sam, True), (lee, True), (milo, False), (dana, False)):
        assert (f'href="{ruled}"' in signed_in(person).get(item).content.decode()) == leads, person.name
    assert signed_in(sam).get(ruled).status_code == 200
    Viewing.objects.create(user=sam, content=Content.objects.get(), case=differing.case, revealed_ms=300)
    ruling.rule(disagreement=differing, code="2", reason="the shore is visible", by=sam)
    assert "/ruling/" + str(differing.public_id) not in signed_in(lee).get(item).content.decode()


def test_a_disagreement_ends_without_ruling_where_the_decision_is_superseded(
    case: Case, sam: User, differing: Disagreement
) -> None:
    decisions.decide_content(
        case=case, content=Content.objects.get(), code="3", by=sam, via="page", reason="seen it elsewhere"
    )
    differing.refresh_from_db()
    assert (differing.ruling, differing.closed_at is not None) == (None, True)
    assert ruling.waiting(sam) == []


def test_the_page_tells_both_codes_and_nobodys_name(
    case: Case, dana: User, milo: User, sam: User, differing: Disagreement
) -> None:
    client = signed_in(sam)
    for address in (reverse("cases:rulings"), f"{reverse('cases:ruling', args=[differing.public_id])}?blocks=1"):
        text = client.get(address).content.decode()
        assert "Coastal" in text
        assert "Alpine" in text
        assert [name for name in (dana.name, milo.name, dana.username, milo.username) if name in text] == []
    address = reverse("cases:ruling", args=[differing.public_id])
    assert client.post(address, {"code": "1"}).status_code == 400
    assert client.post(address, {"code": "1", "reason": "no water line"}).status_code == 302
    assert client.get(reverse("cases:rulings")).status_code == 200


def test_precedent_counts_earlier_rulings_between_the_same_two_codes(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    decide(case, dana, ["1", "2", "2"])
    batch: Batch = queue.claim(case=case, by=milo)
    opposite = {"1": "2", "2": "1"}
    firsts = {str(view.public_id): view.decision.code for view in batch.second_views.all() if view.decision}
    second_acts.act(
        batch=batch, by=milo, wishes=[wish(unit, code=opposite[str(firsts[unit["id"]])]) for unit in queue.units(batch)]
    )
    ending.close(batch=batch, by=milo)
    one, two, three = Disagreement.objects.order_by("pk")
    assert [row.id for row in ruling.waiting(sam)] == [one.pk, two.pk, three.pk]  # oldest first
    assert ruling.waiting(sam, blocks=True) == []  # nobody looked, so nothing is offered
    for differs in (one, two):
        ruling.rule(disagreement=differs, code="1", reason="so", by=sam)
    told = ruling.show(three)
    assert told.precedent == [("1", 2)]
    assert sorted(side.code for side in told.sides) == ["1", "2"]


def test_both_reasons_and_how_sure_each_was_are_read_at_the_ruling_without_names(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    material.pictures(case, dana, ["a"])
    first = review.claim(case=case, by=dana)
    pressed = wish(tiles.units(first)[0], code="2")
    acts.act(batch=first, by=dana, wishes=[pressed])
    grounds.give(batch=first, by=dana, act=pressed.key, confidence="rather", text="a  first guess")
    grounds.give(batch=first, by=dana, act=pressed.key, confidence="rather", text="no ridge in sight")  # which counts
    for by, act, confidence, text, refused in (
        (dana, pressed.key, "", " ", BadInput),
        (dana, pressed.key, "very", "", BadInput),
        (dana, pressed.key, "", "x" * 401, BadInput),
        (dana, pressed.key, "", "a\0b", NoteRefused),
        (dana, pressed.key, "", "from \u202eright to left", NoteRefused),
        (milo, pressed.key, "sure", "", NotFound),  # another person's
        (dana, uuid4(), "sure", "", NotFound),
    ):
        with pytest.raises(refused):
            grounds.give(batch=first, by=by, act=act, confidence=confidence, text=text)
    ending.close(batch=first, by=dana)
    batch, client = queue.claim(case=case, by=milo), signed_in(milo)
    answered = client.get(reverse("cases:api_units", args=[batch.public_id])).content.decode()
    assert "ridge" not in answered
    given = wish(queue.units(batch)[0], code="1")
    address = f"/api/v1/batches/{batch.public_id}"
    second_acts.act(batch=batch, by=milo, wishes=[given])
    body = {"act": str(given.key), "confidence": "sure", "text": "a lake, <b>not</b> the sea"}
    assert client.post(f"{address}/grounds", body, content_type="application/json").json() == {}
    for kind in ("undo", "redo"):
        second_acts.act(batch=batch, by=milo, wishes=[wish(queue.units(batch)[0], kind, undoes=given.key)])
    ending.close(batch=batch, by=milo)
    told = ruling.show(Disagreement.objects.get())
    assert sorted((side.code, side.confidence, side.reason) for side in told.sides) == [
        ("1", "sure", "a lake, <b>not</b> the sea"),
        ("2", "rather", "no ridge in sight"),
    ]
    page = signed_in(sam).get(reverse("cases:rulings")).content.decode()
    assert ("no ridge in sight" in page, "&lt;b&gt;not&lt;/b&gt;" in page, "rather sure" in page) == (True, True, True)
    assert (dana.name in page, milo.name in page) == (False, False)
    logged = AuditEvent.objects.filter(verb="decision.grounds").values_list("body", flat=True)
    assert len(logged) == Grounds.objects.count() == 3
    assert [word for word in ("ridge", "guess", "lake") for body in logged if word in body] == []  # as of notes
    assert hashlib.sha256(b"no ridge in sight").hexdigest() in "".join(logged)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Grounds.objects.update(text="another")
    assert checks.broken(None) == []


def test_why_somebody_was_unsure_is_read_where_it_is_settled_and_by_no_second_reviewer_before(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    material.pictures(case, dana, ["a"])
    first = review.claim(case=case, by=dana)
    pressed = wish(tiles.units(first)[0], "unsure")
    acts.act(batch=first, by=dana, wishes=[pressed])
    grounds.give(batch=first, by=dana, act=pressed.key, confidence="unsure", text="shore or ridge")
    ending.close(batch=first, by=dana)
    item = Item.objects.get(case=case)

    def read(by: User, *where: str) -> bool:
        pages = [signed_in(by).get(address, secure=True).content.decode() for address in where]
        return any("shore or ridge" in page for page in pages)

    page = f"/items/{item.public_id}/"
    assert (read(dana, page), read(sam, page), read(milo, page)) == (True, True, False)  # Milo may be asked
    batch = queue.claim(case=case, by=milo)
    told = [reverse(f"cases:api_{name}", args=[batch.public_id]) for name in ("batch", "units", "changes")]
    assert not read(milo, page, *told, f"/batches/{batch.public_id}/")
    give(batch, milo, "1")
    assert not read(milo, page, *told)  # he may still change his mind
    ending.close(batch=batch, by=milo)
    assert read(milo, page)
    decision = Decision.objects.get(content=item.content_id)
    opinion = SecondOpinion.objects.create(
        decision=decision, act=decision.act, by=dana, by_name=dana.name, decided_by=milo, code="2", reason="sample"
    )
    Disagreement.objects.create(case=case, decision=decision, opinion=opinion, decided_by=milo, given_by=dana)
    ruled = signed_in(sam).get(reverse("cases:rulings"), secure=True).content.decode()
    assert ("Unsure before" in ruled, "shore or ridge" in ruled, dana.name in ruled) == (True, True, False)
