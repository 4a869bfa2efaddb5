"""An agency's own schemes: written by one person, put in force by another, frozen from then on."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from hashsets import scheme_drafts, scheme_tables, schemes
from hashsets.models import Scheme, SchemeDraft
from tests import factories
from tests.people import People, signed_in
from tests.scripts import Script
from workbench.errors import BadInput
from workbench.models import AuditEvent, Role, User


@pytest.fixture
def draft(people: People) -> SchemeDraft:
    """A draft of the supervisor's, with the five categories of the demo's scheme."""
    return factories.scheme_draft(people.supervisor, "harbour")


@pytest.fixture
def second(people: People) -> User:
    """Another supervisor of the same agency."""
    return factories.person(people.north, "second", Role.SUPERVISOR)


def address(name: str, draft: SchemeDraft) -> str:
    return reverse(f"hashsets:{name}", args=[draft.public_id])


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def fields(client: Client, draft: SchemeDraft) -> dict[str, str]:
    """What the page of a draft would post if nobody changed anything."""
    page = client.get(address("scheme_draft", draft), secure=True)
    form = page.context["form"]
    parts = [form.head, *form.categories.forms, *form.mappings.forms]
    parts += [form.categories.management_form, form.mappings.management_form]
    bound = [field for part in parts for field in part]
    said = {field.html_name: field.value() for field in bound}
    kept = {name: "" if value is None else str(value) for name, value in said.items() if value is not False}
    return kept | {"seen": re.findall(r'name="seen" value="(\d+)"', page.content.decode())[0]}


def test_a_scheme_is_written_by_one_and_put_in_force_by_another(
    people: People, draft: SchemeDraft, second: User
) -> None:
    writer, other = signed_in(people.supervisor), signed_in(second)
    data = fields(writer, draft) | {"name": "Harbour codes", "category-0-name": "Quay", "category-4-code": ""}
    assert writer.post(address("scheme_draft", draft), data, secure=True).status_code == 302
    refused = writer.post(address("approve_scheme", draft), {"seen": "2"}, secure=True)
    assert (refused.status_code, Scheme.objects.filter(owner=people.north).count()) == (403, 0)
    assert other.post(address("approve_scheme", draft), {"seen": "2"}, secure=True).status_code == 302
    made = scheme_tables.latest("northmoor.harbour", people.north)
    assert (made.name, [category.name for category in made.categories.all()]) == (
        "Harbour codes",
        ["Quay", "Coastal", "Rendered", "Comparison"],
    )
    verbs = AuditEvent.objects.filter(verb__startswith="scheme.").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["scheme.draft", "scheme.draft", "scheme.approve"]


def test_whoever_ever_wrote_at_a_draft_does_not_put_it_in_force(
    people: People, draft: SchemeDraft, second: User
) -> None:
    scheme_drafts.save(draft, seen=1, values=draft.doc | {"name": "As second wrote it"}, by=second)
    for writer in (people.supervisor, second):
        page = signed_in(writer).get(address("scheme_draft", draft), secure=True)
        assert "had a hand in it" in text(page)
        answer = signed_in(writer).post(address("approve_scheme", draft), {"seen": "2"}, secure=True)
        assert answer.status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeDraft.objects.filter(pk=draft.pk).update(approved_by=people.supervisor)  # not even past the product
    third = signed_in(factories.person(people.north, "third", Role.SUPERVISOR))
    assert third.post(address("approve_scheme", draft), {"seen": "2"}, secure=True).status_code == 302


def test_each_field_of_a_line_has_a_label_of_its_own(people: People, draft: SchemeDraft) -> None:
    page = signed_in(people.supervisor).get(address("scheme_draft", draft), secure=True).content.decode()
    for label in ("Code 1", "For the queue 5", "Our code = theirs 1", "What gets lost 1"):
        assert re.search(rf'<label class="sr" for="id_[a-z]+-\d-[a-z]+">{label}</label>', page), label


def test_a_form_that_nobody_changed_keeps_the_document_as_it_was(people: People, draft: SchemeDraft) -> None:
    SchemeDraft.objects.update(doc=draft.doc | {"mappings": [{"to": "uk-abc", "codes": {"1": "A"}, "loses": "most"}]})
    draft.refresh_from_db()
    client = signed_in(people.supervisor)
    assert client.post(address("scheme_draft", draft), fields(client, draft), secure=True).status_code == 302
    assert SchemeDraft.objects.get().doc == draft.doc


def test_nobody_puts_in_force_what_he_has_not_seen(people: People, draft: SchemeDraft, second: User) -> None:
    scheme_drafts.save(draft, seen=1, values=draft.doc | {"name": "Changed meanwhile"}, by=people.supervisor)
    stale = signed_in(second).post(address("approve_scheme", draft), {"seen": "1"}, secure=True)
    assert (stale.status_code, Scheme.objects.filter(owner=people.north).exists()) == (409, False)
    assert signed_in(second).post(address("approve_scheme", draft), {"seen": "x"}, secure=True).status_code == 400


# what was typed, and what the page says of it
CONTRADICTIONS = [
    ({"category-1-code": "1"}, "twice"),
    ({"category-1-key": "1"}, "key"),
    ({"category-1-name": ""}, "no name"),
    ({"category-1-name": "Qu\u202eay"}, "a character that cannot be seen"),
    ({"mapping-0-to": "uk-abc", "mapping-0-codes": "1 = A"}, "does not say what it loses"),
    ({"mapping-0-to": "uk-abc", "mapping-0-codes": "7 = A", "mapping-0-loses": "x"}, "which it does not have"),
]


@pytest.mark.parametrize(("typed", "words"), CONTRADICTIONS, ids=[words for _typed, words in CONTRADICTIONS])
def test_a_draft_that_contradicts_itself_is_kept_and_not_put_in_force(
    people: People, draft: SchemeDraft, second: User, typed: dict[str, str], words: str
) -> None:
    client = signed_in(people.supervisor)
    data = fields(client, draft) | typed
    assert client.post(address("scheme_draft", draft), data, secure=True).status_code == 302
    other = signed_in(second)
    assert words in text(other.get(address("scheme_draft", draft), secure=True))
    assert other.post(address("approve_scheme", draft), {"seen": "2"}, secure=True).status_code == 400
    assert not Scheme.objects.filter(owner=people.north).exists()


def test_a_mapping_that_cannot_be_read_is_refused_with_the_form_as_it_was_typed(
    people: People, draft: SchemeDraft
) -> None:
    client = signed_in(people.supervisor)
    data = fields(client, draft) | {"mapping-0-to": "uk-abc", "mapping-0-codes": "1 to A"}
    answer = client.post(address("scheme_draft", draft), data, secure=True)
    assert (answer.status_code, "our code = their code" in text(answer)) == (200, True)
    assert (b"1 to A" in answer.content, SchemeDraft.objects.get().edits) == (True, 1)


def test_a_version_in_use_stays_and_the_next_one_is_for_what_comes_later(people: People, second: User) -> None:
    first = factories.own_scheme(people.supervisor, second, "quay")
    case = factories.case(people.investigator, scheme="landscapes-t1")
    case.scheme = first
    case.save()
    posted = signed_in(second).post(
        reverse("hashsets:new_scheme_version"), {"scheme": "northmoor.quay"}, secure=True, follow=True
    )
    draft = SchemeDraft.objects.get(state="open")
    assert ("version 2" in text(posted), draft.version) == (True, 2)
    changed = draft.doc | {"categories": draft.doc["categories"][:3]}
    scheme_drafts.save(draft, seen=1, values=changed, by=second)
    scheme_drafts.approve(draft, seen=2, by=people.supervisor)
    assert (first.categories.count(), scheme_tables.latest("northmoor.quay", people.north).categories.count()) == (5, 3)
    case.refresh_from_db()
    assert case.scheme == first


def test_of_one_scheme_there_is_one_draft(people: People, draft: SchemeDraft) -> None:
    with pytest.raises(scheme_drafts.DraftOpen):
        factories.scheme_draft(people.supervisor, "harbour")
    scheme_drafts.discard(draft, seen=1, by=people.supervisor)
    with pytest.raises(scheme_drafts.DraftChanged):
        scheme_drafts.discard(draft, seen=1, by=people.supervisor)
    assert factories.scheme_draft(people.supervisor, "harbour").state == "open"


@pytest.mark.parametrize("slug", ["Big", "a.b", "", "-a", "a" * 60, "ä"])
def test_an_id_is_short_and_plain(people: People, slug: str) -> None:
    with pytest.raises(BadInput):
        scheme_drafts.begin(name="X", slug=slug, by=people.supervisor)


def test_another_agency_sees_and_uses_nothing_of_it(people: People, draft: SchemeDraft, second: User) -> None:
    factories.own_scheme(people.supervisor, second, "quay")
    outsider = signed_in(people.outsider)
    assert outsider.get(reverse("hashsets:scheme", args=["northmoor.quay", 1]), secure=True).status_code == 404
    for name in ("hashsets:schemes", "hashsets:new", "cases:new"):
        page = outsider.get(reverse(name), secure=True).content.decode()
        assert ("northmoor" in page, "landscapes-t1" in page) == (False, True), name
        ours = signed_in(people.supervisor).get(reverse(name), secure=True).content.decode()
        assert "northmoor.quay" in ours, name
    with pytest.raises(scheme_tables.UnknownScheme):
        scheme_tables.latest("northmoor.quay", people.south)


def test_a_scheme_that_came_along_says_what_its_mappings_lose(people: People) -> None:
    seen = text(signed_in(people.auditor).get(reverse("hashsets:scheme", args=["us-pvic", 1]), secure=True))
    for words in ("uk-abc", "no severity band", "1 = 1", "Labels and codes as published tools list them"):
        assert words in seen


def test_of_schemes_that_came_along_none_has_an_id_that_an_agency_could_have() -> None:
    assert [doc.id for doc in schemes.load_all() if "." in doc.id] == []


def test_a_category_is_called_as_its_reader_speaks_and_keeps_its_own_name_elsewhere(
    people: People, draft: SchemeDraft, second: User
) -> None:
    writer = signed_in(people.supervisor)
    data = fields(writer, draft)
    assert data["category-1-labels"] == "de = Küste"  # as the scheme has it that the draft began with
    data |= {"category-0-labels": "de = Kai; FR=Quai ", "category-1-labels": "", "category-2-labels": "de = Bild"}
    assert writer.post(address("scheme_draft", draft), data, secure=True).status_code == 302
    made = scheme_drafts.approve(SchemeDraft.objects.get(pk=draft.pk), seen=2, by=second)
    first, other, third, *_others = made.categories.all()
    assert (first.labels, other.labels, third.labels) == ({"de": "Kai", "fr": "Quai"}, {}, {"de": "Bild"})
    for language, shown in (("de", ["Kai", "Coastal"]), ("de-at", ["Kai", "Coastal"]), ("en", ["Alpine", "Coastal"])):
        with translation.override(language):
            assert [first.label, other.label] == shown
    assert str(first) == "1 Alpine"
    again = scheme_drafts.begin_version(made, by=people.supervisor)
    assert [one["labels"] for one in again.doc["categories"]][:2] == [{"de": "Kai", "fr": "Quai"}, {}]


def test_pages_say_the_readers_label_and_machines_the_schemes_own(people: People) -> None:
    User.objects.filter(pk=people.investigator.pk).update(language="de")
    case = factories.case(people.investigator)
    page = signed_in(people.investigator).get(f"/cases/{case.public_id}/", secure=True).content.decode()
    assert ("Küste" in page, "Coastal" in page) == (True, False)
    told = Script(people.investigator).get(f"cases/{case.public_id}", HTTP_ACCEPT_LANGUAGE="de")[1]
    assert "Coastal" in [one["name"] for one in told["categories"]]


@pytest.mark.parametrize("typed", ["Küste", "de =", "de = Kai = Ufer", "german language = Kai", "de = K\u202eai"])
def test_labels_that_name_no_language_or_hide_something_are_refused(
    people: People, draft: SchemeDraft, typed: str
) -> None:
    writer = signed_in(people.supervisor)
    writer.post(address("scheme_draft", draft), fields(writer, draft) | {"category-0-labels": typed}, secure=True)
    held = SchemeDraft.objects.get(pk=draft.pk)
    assert held.edits == 1 or scheme_drafts.problems(held.doc)  # not kept, or never put in force


def test_labels_of_a_scheme_that_came_with_winnow_may_come_later_than_its_first_use(people: People) -> None:
    factories.case(people.investigator)
    [doc] = [one for one in schemes.load_all() if one.id == "landscapes-t1"]
    named = replace(doc, categories=(replace(doc.categories[0], labels={"fr": "Montagne"}), *doc.categories[1:]))
    scheme = scheme_tables.load_one(named)
    assert scheme.categories.get(code="1").labels == {"fr": "Montagne"}
    renamed = replace(doc, categories=(replace(doc.categories[0], name="Mountains"), *doc.categories[1:]))
    with pytest.raises(scheme_tables.SchemeFrozen):
        scheme_tables.load_one(renamed)
