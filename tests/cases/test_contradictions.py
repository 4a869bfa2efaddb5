"""Where a list says something else than a person decided: who is told, where, and what is no contradiction."""

import html

import pytest
from django.urls import reverse

from cases import acts, contradictions, decisions, investigations, publishing, review, set_health, tiles
from cases.models import Case, Content, Item, Offer
from hashsets import policies
from hashsets.models import Disposition, HashSet
from hashsets.patience import TakesLonger
from tests.cases import material
from tests.cases.test_acts import wish
from tests.cases.test_matching import own_set, sync
from tests.cases.test_pages import signed_in
from tests.hashsets import makers
from tests.hashsets.pages import text
from workbench import people
from workbench.models import Agency, Role, User

pytestmark = pytest.mark.django_db


def decided(case: Case, by: User, name: str, code: str) -> Content:
    """A picture of the case that somebody looked at and decided."""
    [content] = material.pictures(case, by, [name])
    decisions.decide_content(case=case, content=content, code=code, by=by, via="test", viewed=True)
    return content


def listed(
    by: User, name: str, code: str, disposition: str, *, set_name: str, scheme: str = "landscapes-t1"
) -> HashSet:
    """A set of the person's agency that has the picture."""
    made = makers.hash_set(by, set_name, scheme=scheme)
    sha256, md5, sha1 = material.digests(name)
    makers.stored(made, by, sha256=sha256, md5=md5, sha1=sha1, size=1000, code=code, disposition=disposition)
    sync()
    return made


def item_of(content: Content) -> Item:
    found: Item = Item.objects.select_related("case__scheme", "content").get(content=content)
    return found


def page(user: User, address: str) -> str:
    return html.unescape(text(signed_in(user).get(address)))


def _too_long(_user: User, after: int = 0) -> None:
    raise TakesLonger


def item_page(user: User, content: Content) -> str:
    return page(user, reverse("cases:item", args=[item_of(content).public_id]))


def test_the_decider_and_the_supervisor_are_told_and_whoever_may_give_a_second_view_is_not(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    content = decided(case, dana, "a", "1")
    listed(sam, "a", "2", Disposition.RELEVANT, set_name="National")
    for user in (dana, sam):
        seen = item_page(user, content)
        assert "1 Alpine · National v1 says 2 Coastal" in seen
        assert "National v1 says 2 Coastal . That is another category of the same meaning." in seen
    assert "National v1 says" not in item_page(milo, content)
    health, publish = reverse("cases:set_health"), reverse("cases:publish")
    assert "National 1 Case File Decided What sets say Differs in 26-1" in page(sam, health)
    assert "1 National v1: 2 category" in page(sam, health)
    assert "National v1 says 2 Coastal" in page(sam, publish)
    both = people.add_person(
        username="both", name="Both", agency=sam.agency, roles={Role.INVESTIGATOR, Role.SUPERVISOR}
    )
    for reviewer in (dana, milo, both):
        assert "Decided otherwise than a set says" not in page(reviewer, health)
        assert "National v1" not in page(reviewer, publish)


@pytest.mark.parametrize(
    ("scheme", "code", "decision", "meaning", "differs"),
    [
        # the same scheme: the code counts, then what it means
        ("us-pvic", "1", "1", Disposition.RELEVANT, None),
        ("us-pvic", "2", "1", Disposition.RELEVANT, False),
        ("us-pvic", "0", "1", Disposition.NOT_RELEVANT, True),
        # one scheme leads to the other: A and B are 1; C is for a person to say
        ("uk-abc", "A", "1", Disposition.RELEVANT, None),
        ("uk-abc", "A", "2", Disposition.RELEVANT, False),
        ("uk-abc", "C", "1", Disposition.RELEVANT, None),
        ("uk-abc", "A", "0", Disposition.RELEVANT, True),
        # each leads to the other
        ("us-dhs-legacy", "5", "0", Disposition.NOT_RELEVANT, None),
        ("us-dhs-legacy", "3", "2", Disposition.RELEVANT, False),
        # none leads to the other: only the meaning can be compared
        ("landscapes-t1", "3", "1", Disposition.RELEVANT, None),
        ("landscapes-t1", "5", "1", Disposition.NOT_RELEVANT, True),
    ],
)
def test_categories_are_compared_through_the_mappings(
    scheme: str, code: str, decision: str, meaning: str, differs: bool | None, dana: User, sam: User
) -> None:
    case = investigations.create(number="US-1", name="Quay", scheme_id="us-pvic", by=dana)
    content = decided(case, dana, "a", decision)
    listed(sam, "a", code, meaning, set_name="National", scheme=scheme)
    told = contradictions.of_item(item_of(content), sam)
    assert [one.means_other for one in told] == ([] if differs is None else [differs])
    assert [(row.sha256, row.decided, row.says, row.means_other) for row in contradictions.page(sam).rows] == (
        [(bytes(content.sha256).hex(), decision, f"National v1: {code}", differs)] if told else []
    )


def test_only_what_may_act_contradicts_and_a_decision_taken_back_is_none(case: Case, dana: User, sam: User) -> None:
    content = decided(case, dana, "a", "1")
    made = listed(sam, "a", "5", Disposition.NOT_RELEVANT, set_name="National")
    assert len(contradictions.of_item(item_of(content), sam)) == 1
    policies.set_policy(made, agency=sam.agency, by=sam, action="off")
    sync()
    assert contradictions.of_item(item_of(content), sam) == []
    assert contradictions.page(sam).rows == []
    policies.set_policy(made, agency=sam.agency, by=sam, action="propose")
    sync()
    assert len(contradictions.page(sam).rows) == 1
    decisions.decide_content(case=case, content=content, code="5", by=sam, via="test", reason="looked again")
    assert contradictions.page(sam).rows == []
    material.pictures(case, dana, ["b"])
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0])])
    listed(sam, "b", "2", Disposition.RELEVANT, set_name="Other")
    assert len(contradictions.page(sam).rows) == 1
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0], "clear")])
    assert contradictions.page(sam).rows == []


def test_nothing_is_told_of_cases_out_of_reach_nor_of_other_agencies(
    case: Case, dana: User, sam: User, ines: User
) -> None:
    decided(case, dana, "a", "1")
    made = listed(sam, "a", "2", Disposition.RELEVANT, set_name="National")
    HashSet.objects.filter(pk=made.pk).update(reach="node")
    boss = people.add_person(username="boss", name="Boss", agency=ines.agency, roles={Role.SUPERVISOR})
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    decided(theirs, ines, "b", "1")
    sync()
    assert contradictions.page(boss).rows == []
    assert contradictions.counts(boss) == ([], True)
    Case.objects.filter(pk=case.pk).update(sealed=True)
    assert contradictions.page(sam).rows == []
    assert contradictions.counts(sam) == ([], True)


def test_another_schemes_decision_of_a_sealed_case_is_not_told_through_a_case_in_reach(
    case: Case, dana: User, sam: User
) -> None:
    sealed = investigations.create(number="US-1", name="Quay", scheme_id="us-pvic", by=dana)
    decided(sealed, dana, "a", "1")
    decided(case, dana, "a", "2")
    Case.objects.filter(pk=sealed.pk).update(sealed=True)
    listed(sam, "a", "5", Disposition.NOT_RELEVANT, set_name="National")
    assert [(row.case, row.decided) for row in contradictions.page(sam).rows] == [("26-1", "2")]


def test_of_a_content_decided_under_two_schemes_the_item_is_of_the_case_that_is_named(
    case: Case, dana: User, sam: User
) -> None:
    first = investigations.create(number="20-1", name="Quay", scheme_id="us-pvic", by=dana)
    decided(case, dana, "a", "1")
    decided(first, dana, "a", "2")
    listed(sam, "a", "5", Disposition.NOT_RELEVANT, set_name="National")
    (row,) = contradictions.page(sam).rows
    assert (row.case, Item.objects.get(public_id=row.item).case.number) == ("20-1", "20-1")


def test_pages_read_on_by_key_and_counts_go_by_set(
    case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contradictions, "PAGE", 2)
    names = ["a", "b", "c", "d", "e"]
    contents = [decided(case, dana, name, "1") for name in names]
    national, other = makers.hash_set(sam, "National"), makers.hash_set(sam, "Other")
    for made, code, meaning, some in ((national, "2", "relevant", names), (other, "5", "not_relevant", names[:2])):
        for name in some:
            sha256, md5, sha1 = material.digests(name)
            makers.stored(made, sam, sha256=sha256, md5=md5, sha1=sha1, size=1000, code=code, disposition=meaning)
    sync()
    seen, after = list[int](), 0
    for _ in range(3):
        found = contradictions.page(sam, after=after)
        seen += [row.content for row in found.rows]
        after = found.next or 0
    assert (seen, after) == (sorted(content.pk for content in contents), 0)
    counts, is_all = contradictions.counts(sam)
    assert [(one.set, one.contents, one.means_other) for one in counts] == [("National", 5, 0), ("Other", 2, 2)]
    assert is_all
    monkeypatch.setattr(contradictions, "COUNTED", 3)
    assert contradictions.counts(sam)[1] is False
    with monkeypatch.context() as slow:
        slow.setattr(contradictions, "counts", _too_long)
        assert "Counting them by set takes longer" in page(sam, reverse("cases:set_health"))
        slow.setattr(contradictions, "page", _too_long)
        assert "This takes longer than a page may wait." in page(sam, reverse("cases:set_health"))
    first = page(sam, reverse("cases:set_health"))
    assert "National v5: 2 · Other v2: 5 meaning" in first
    assert "Further ones" in first
    assert "From the start" in page(sam, f"{reverse('cases:set_health')}?decided={seen[3]}")
    assert signed_in(sam).get(f"{reverse('cases:set_health')}?decided=x").status_code == 400


def test_the_offer_into_the_very_set_that_says_otherwise_says_so_and_can_still_be_approved(
    case: Case, dana: User, sam: User, northmoor: Agency
) -> None:
    decided(case, dana, "a", "1")
    target = own_set(case)
    sha256, md5, sha1 = material.digests("a")
    makers.stored(target, sam, sha256=sha256, md5=md5, sha1=sha1, size=1000, code="2")
    sync()
    assert f"{target.name} v1 says 2 Coastal: this very set" in page(sam, reverse("cases:publish"))
    assert northmoor == target.owner
    outcome = publishing.approve(offers=[Offer.objects.get().public_id], by=sam)
    assert outcome.done == 1


@pytest.mark.parametrize(
    ("scheme", "code", "said"),
    [
        ("uk-abc", "A", None),  # is 1 in the other scheme
        ("us-dhs-legacy", "2", "The sets differ in the category, 2 sets: 1 (US Project VIC), 2"),
        ("landscapes-t1", "3", "The schemes cannot be compared, 2 sets: 1 (US Project VIC), 3 (Landscapes T1)."),
    ],
)
def test_the_page_of_an_item_compares_the_categories_of_sets_through_the_mappings(
    scheme: str, code: str, said: str | None, case: Case, dana: User, sam: User
) -> None:
    [content] = material.pictures(case, dana, ["a"])
    listed(sam, "a", "1", Disposition.RELEVANT, set_name="First", scheme="us-pvic")
    listed(sam, "a", code, Disposition.RELEVANT, set_name="Second", scheme=scheme)
    seen = item_page(sam, content)
    assert said in seen if said else "differ in the category" not in seen and "cannot be compared" not in seen


def test_sets_that_mean_the_same_under_other_categories_are_listed_apart(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a", "b", "c"])
    for name, code, scheme, set_name in (
        ("a", "1", "us-pvic", "First"), ("a", "3", "us-dhs-legacy", "Second"),
        ("b", "1", "us-pvic", "Third"), ("b", "A", "uk-abc", "Fourth"),
        ("c", "1", "us-pvic", "Fifth"), ("c", "2", "landscapes-t1", "Sixth"),
    ):  # fmt: skip
        listed(sam, name, code, Disposition.RELEVANT, set_name=set_name, scheme=scheme)
    (one,) = set_health.disagreements(sam)
    assert (one.sets, one.each, one.means_other, one.state) == (2, "First: 1 · Second: 3", False, "known")
    seen = page(sam, reverse("cases:set_health"))
    assert "Same disposition, other category" in seen
    assert "2 sets: 1, 3 First: 1 · Second: 3" in seen
    blind = page(dana, reverse("cases:set_health"))
    assert "2 sets First, Second" in blind
    assert "First: 1" not in blind
