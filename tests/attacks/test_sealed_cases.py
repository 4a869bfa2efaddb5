"""What happens in a case outside somebody's scope, a sealed one above all, is told to nobody by another way."""

import pytest
from django.urls import reverse

from cases import decisions, investigations, publishing
from cases.models import Case, Item, Offer
from tests.cases import material
from tests.cases.test_matching import own_set
from tests.people import signed_in
from workbench import people
from workbench.models import Agency, AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(milo: User, sam: User, case: Case) -> Case:
    """A case of Milo's alone; what is decided there also stands in Dana's case, which has the same picture."""
    made = investigations.create(number="SECRET-9", name="Quiet water", scheme_id="landscapes-t1", by=milo)
    (content,) = material.pictures(made, milo, ["a"])
    own_set(made)
    decisions.decide_content(case=made, content=content, code="1", by=milo, via="test", viewed=True, reason="a tip")
    publishing.approve(offers=[Offer.objects.get().public_id], by=sam)
    Case.objects.filter(pk=made.pk).update(sealed=True)
    material.pictures(case, case.lead, ["a"])
    return made


def page(user: User, case: Case) -> tuple[str, int]:
    """The page of the case's one item, and how many offers it shows."""
    item = Item.objects.get(case=case)
    answer = signed_in(user).get(reverse("cases:item", args=[item.public_id]), secure=True)
    return answer.content.decode(), len(answer.context["offers"])


TELLING = ("Milo", "a tip", "SECRET-9", "Quiet water")


@pytest.mark.parametrize("name", ["dana", "sam"])
def test_of_a_decision_in_another_case_only_category_and_basis_are_shown(
    secret: Case, case: Case, dana: User, sam: User, name: str
) -> None:
    told, offers = page({"dana": dana, "sam": sam}[name], case)
    assert [word for word in ("in another case", "Alpine", "Viewed") if word not in told] == []
    assert [word for word in TELLING if word in told] == []
    assert offers == 0


def test_who_reaches_the_other_case_is_shown_who_decided_and_why(secret: Case, case: Case, milo: User) -> None:
    told, offers = page(milo, case)
    assert "Milo Lind" in told
    assert "a tip" in told
    assert offers == 1


def test_a_supervisor_who_is_not_on_a_sealed_case_reads_nothing_of_it_in_the_log(
    secret: Case, sam: User, northmoor: Agency
) -> None:
    opened = AuditEvent.objects.get(verb="case.create", case=secret.public_id)
    auditor = people.add_person(username="ada", name="Ada Quist", agency=northmoor, roles={Role.AUDITOR})
    for query in ("", f"?case={secret.public_id}", "?q=SECRET-9", f"?entry={opened.seq}", f"?q={opened.seq}"):
        read = [signed_in(user).get(f"/audit/{query}", secure=True) for user in (sam, auditor)]
        assert [str(secret.public_id) in str(answer.context["entry"]) for answer in read] == [False, "entry" in query]
        numbers = [[number for _, number in answer.context["cases"]] for answer in read]
        assert (sorted(numbers[0]), sorted(numbers[1])) == (["26-1"], ["26-1", "SECRET-9"])
        told = [{row.seq for row in answer.context["rows"]} & _of(secret) for answer in read]
        assert not told[0]
        assert told[1]


def _of(case: Case) -> set[int]:
    return set(AuditEvent.objects.filter(case=case.public_id).values_list("seq", flat=True))
