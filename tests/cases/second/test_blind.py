"""Whoever owes a second view reads the first decision nowhere: every answer he gets is searched (ux.md section 1.5)."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import acts, ending, investigations, notes, review, tiles
from cases.errors import NothingLeft
from cases.models import Batch, Case, Decision, Item, SecondView, Viewing
from cases.notes import Wanted
from cases.second import acts as second_acts
from cases.second import blind, queue
from cases.units import Wish
from hashsets import finding, lookups
from hashsets.withheld import Withheld
from tests import factories
from tests.cases import material
from tests.cases.test_acts import wish
from tests.hashsets import makers
from tests.people import signed_in
from workbench import people
from workbench.models import Agency, AuditEvent, Role, User

pytestmark = pytest.mark.django_db
NAME, CODE = "Zephyrine Quillfeather", "landmark-q7"
NOTE = "an osprey above the weir"  # nowhere else in any answer
EVERY_ROLE = {Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER, Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Scene:
    """One item decided by somebody, and held in the second-view batch of a person with every role."""

    case: Case
    item: Item
    batch: Batch
    first: Decision
    second: User

    @property
    def secrets(self) -> list[str]:
        """What no answer may hold: the code, who gave it, and every id that leads there."""
        decider = self.first.by
        return [CODE, NAME, NOTE, decider.username, str(decider.public_id), str(self.first.public_id)]


@pytest.fixture
def scene(northmoor: Agency) -> Scene:
    first = people.add_person(username="zephyrine", name=NAME, agency=northmoor, roles={Role.INVESTIGATOR})
    second = people.add_person(username="milo", name="Milo Lind", agency=northmoor, roles=EVERY_ROLE)
    scheme = factories.own_scheme(factories.person(northmoor), factories.person(northmoor, "", Role.SUPERVISOR), "own")
    scheme.categories.filter(code="1").update(code=CODE)
    case = investigations.create(number="26-7", name="Quay", scheme_id=scheme.scheme_id, by=second, team=[first])
    [content] = material.pictures(case, second, ["a"])
    batch = review.claim(case=case, by=first)
    Viewing.objects.create(user=first, content=content, case=case, batch=batch, revealed_ms=400)
    acts.act(batch=batch, by=first, wishes=[wish(unit, code=CODE) for unit in tiles.units(batch)])
    [unit] = tiles.units(batch)
    notes.keep(batch=batch, by=first, wanted=[Wanted(uuid4(), UUID(unit["id"]), UUID(unit["item"]), NOTE)])
    ending.close(batch=batch, by=first)
    mine = queue.claim(case=case, by=second)
    return Scene(case, Item.objects.get(content=content), mine, Decision.objects.get(), second)


def asked(scene: Scene) -> list[str]:
    """Every address under which a decision can be read, and that of the person's own batch."""
    batch, views = scene.batch.public_id, scene.batch.second_views.values_list("public_id", flat=True)
    return [
        reverse("cases:batch", args=[batch]),
        reverse("cases:api_batch", args=[batch]),
        reverse("cases:api_units", args=[batch]),
        reverse("cases:api_veils", args=[batch]),
        reverse("cases:api_changes", args=[batch]),
        *(reverse("cases:api_view", args=[view]) for view in views),
        *told(scene),
    ]


def told(scene: Scene) -> list[str]:
    """Those of them that tell the decision to whoever owes no view of it."""
    case, item = scene.case.public_id, scene.item.public_id
    return [
        reverse("cases:item", args=[item]),
        reverse("cases:items", args=[case]),
        f"{reverse('cases:items', args=[case])}?state=decided&code={CODE}",
        reverse("cases:publish"),
        f"{reverse('workbench:audit')}?verb=decision.set",
        f"/api/v1/cases/{case}/decisions",
        f"/api/v1/cases/{case}/contents",
    ]


def body_of(by: User, address: str) -> str:
    """What the server answers, without the lists from which any category can be chosen."""
    client = signed_in(by)
    if address.startswith("/api/v1/cases/"):
        client = Client(headers={"host": "localhost", "authorization": f"Bearer {factories.token(by)}"})
    answer = client.get(address)
    assert answer.status_code == 200, address
    without = re.compile(r'<select.*?</select>|"scheme": \{.*?\]\}', re.DOTALL)
    return without.sub("", answer.content.decode("latin-1"))


def found_in(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


def give(scene: Scene) -> None:
    """Another code than the first, and the end of the batch: the view is given."""
    [unit] = queue.units(scene.batch)
    wished = Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], "2")
    second_acts.act(batch=scene.batch, by=scene.second, wishes=[wished])
    ending.close(batch=scene.batch, by=scene.second)


def test_the_end_of_a_batch_tells_nobody_what_he_may_be_asked_again(scene: Scene) -> None:
    """Whoever closes without giving, or lets the time run out, and reads, would be asked again: and not be blind."""
    Batch.objects.filter(pk=scene.batch.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    for end in (lambda: None, lambda: ending.close(batch=scene.batch, by=scene.second)):
        end()
        told_now = {address: found_in(body_of(scene.second, address), scene.secrets) for address in told(scene)}
        assert {address: secrets for address, secrets in told_now.items() if secrets} == {}
    assert blind.holds(scene.second, scene.item.content_id)
    again = queue.claim(case=scene.case, by=scene.second)
    [unit] = queue.units(again)
    wished = Wish(uuid4(), "unsure", UUID(unit["id"]), unit["version"])
    second_acts.act(batch=again, by=scene.second, wishes=[wished])
    ending.close(batch=again, by=scene.second)
    assert CODE in body_of(scene.second, told(scene)[0])  # he reads, and is asked no more
    with pytest.raises(NothingLeft):
        queue.claim(case=scene.case, by=scene.second)


def test_a_supervisor_who_reads_it_is_not_asked_again(scene: Scene) -> None:
    client, address = signed_in(scene.second), reverse("cases:waive", args=[scene.item.public_id])
    assert client.post(address).status_code == 409  # a batch of his holds it
    ending.close(batch=scene.batch, by=scene.second)
    assert address in body_of(scene.second, told(scene)[0])
    assert [client.post(address).status_code for _time in range(2)] == [302, 302]
    assert CODE in body_of(scene.second, told(scene)[0])
    assert AuditEvent.objects.filter(verb="second.waive").count() == 1
    with pytest.raises(NothingLeft):
        queue.claim(case=scene.case, by=scene.second)


def test_in_a_closed_case_nobody_is_asked_and_everybody_reads(scene: Scene) -> None:
    investigations.close(case=scene.case, by=scene.second, reason="done")
    assert CODE in body_of(scene.second, told(scene)[0])
    assert scene.second.pk in SecondView.objects.get().not_for


def test_no_answer_during_a_second_view_holds_the_first_code_or_who_gave_it(scene: Scene) -> None:
    told_now = {address: found_in(body_of(scene.second, address), scene.secrets) for address in asked(scene)}
    assert {address: secrets for address, secrets in told_now.items() if secrets} == {}
    [unit] = queue.units(scene.batch)
    act = {"key": str(uuid4()), "act": "decide", "stack": unit["id"], "version": unit["version"], "code": "2"}
    answers = signed_in(scene.second).post(
        reverse("cases:api_decisions", args=[scene.batch.public_id]), {"acts": [act]}, content_type="application/json"
    )
    assert (answers.json()["results"][0]["code"], found_in(answers.content.decode(), scene.secrets)) == ("2", [])
    ending.close(batch=scene.batch, by=scene.second)
    after = {address: found_in(body_of(scene.second, address), scene.secrets) for address in told(scene)}
    assert {address: bool(secrets) for address, secrets in after.items()} == dict.fromkeys(after, True)


def test_a_note_of_a_second_view_reaches_others_when_that_batch_is_over(scene: Scene) -> None:
    [unit] = queue.units(scene.batch)
    mine = Wanted(uuid4(), UUID(unit["id"]), scene.item.public_id, "a heron")
    notes.keep(batch=scene.batch, by=scene.second, wanted=[mine])
    assert [note["text"] for note in notes.of(scene.item, scene.second)] == ["a heron"]
    assert [note["text"] for note in notes.of(scene.item, scene.first.by)] == [NOTE]
    ending.close(batch=scene.batch, by=scene.second)
    assert [note["text"] for note in notes.of(scene.item, scene.first.by)] == ["a heron", NOTE]


def test_the_overview_of_the_case_tells_no_decision_meanwhile(scene: Scene) -> None:
    address = reverse("cases:case", args=[scene.case.public_id])
    assert "waits to be published" not in body_of(scene.second, address)
    assert (CODE in body_of(scene.second, address), "Decided 1 item" in body_of(scene.second, address)) == (
        False,
        False,
    )
    give(scene)
    assert (CODE in body_of(scene.second, address), "Decided 1 item" in body_of(scene.second, address)) == (True, True)


def test_no_number_tells_what_is_not_listed(scene: Scene) -> None:
    """How many items a state has, in an exhibit of a few, is what became of each."""
    address = f"{reverse('cases:items', args=[scene.case.public_id])}?state=decided"
    assert "1 item" not in re.sub(r"<[^>]*>", "", body_of(scene.second, address))
    give(scene)
    assert "1 item" in re.sub(r"<[^>]*>", "", body_of(scene.second, address))


def test_hashes_of_a_second_view_are_withheld_in_every_look_up(scene: Scene) -> None:
    content = scene.item.content
    known = factories.hash_set(scene.second.agency, "known")
    makers.publish(known, makers.picture("a"), by=scene.second)
    for digest in (content.sha256, content.sha1, content.md5):
        [answer] = lookups.ask([bytes(digest).hex()], by=scene.second, purpose="a test")
        assert (answer.known, answer.hits) == (False, [])
        assert answer.problem
        with pytest.raises(Withheld):
            finding.find(known, bytes(digest).hex(), by=scene.second)
    give(scene)
    [answer] = lookups.ask([bytes(content.sha256).hex()], by=scene.second, purpose="a test")
    assert answer.known


def test_who_owes_a_view_neither_supersedes_nor_fetches_an_export(scene: Scene) -> None:
    client = signed_in(scene.second)
    superseded = client.post(reverse("cases:supersede", args=[scene.item.public_id]), {"code": "2", "reason": "so"})
    fetched = client.get(reverse("cases:export_file", args=[factories.export(scene.case, scene.second).public_id]))
    assert {superseded.status_code, fetched.status_code} == {409}
    assert Decision.objects.count() == 1
