"""Why a content is where it is, in words; and what several sets together make of it."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cases import inspector, matching, publishing, why
from cases.models import Case, Content, Item, Match
from hashsets import finding, policies, sets
from hashsets.models import HashSet
from tests.cases import material
from tests.cases.test_matching import entry, own_set, sync
from tests.cases.test_pages import signed_in
from tests.hashsets import makers
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db
STRONG = why.Found(
    set="Harbour", set_id="a", generation=5, found_in=2, lost_in=None, kind="sha256", strong=True, distance=0,
    entry="e", code="1", category="Alpine", scheme="Landscapes T1", disposition="relevant", trust="trusted",
    state="published", conflict=False, effect=2, role="relevant", retired=False, action="accept", min_trust="trusted",
    may_discard=False, others=None, changed=False,
)  # fmt: skip
IDLE = replace(STRONG, effect=0)


@pytest.mark.parametrize(
    ("match", "effect", "word", "words"),
    [
        # what acts
        (STRONG, 2, "closed", "Takes the file out of the queue: policy accept"),
        (replace(STRONG, effect=1, action="propose"), 1, "proposed",
         "Proposes its category, somebody confirms it: policy propose"),
        (replace(STRONG, effect=1, action="hide"), 1, "proposed",
         "Only proposes: policy hide, but harmless files may not be hidden unseen yet"),
        (replace(STRONG, effect=1), 2, "proposed",
         "Would only propose, but another set takes the file out of the queue"),
        # sets that disagree hold each other back
        (STRONG, 0, "conflict", "Not used: conflict between sets, so a person looks"),
        # weak ones, whatever else holds
        (replace(STRONG, strong=False, kind="md5"), 0, "weak", "Hides nothing: MD5 only: weak"),
        (replace(STRONG, strong=False, kind="sha1"), 0, "weak", "Hides nothing: SHA-1 only: weak"),
        (replace(STRONG, strong=False, kind="md5", others="SHA-1"), 0, "weak",
         "Hides nothing: weak: MD5 agree, but the entry has another SHA-1"),
        (replace(STRONG, strong=False, kind="md5+sha1", others="size"), 0, "weak",
         "Hides nothing: weak: MD5 and SHA-1 agree, but the entry has another size"),
        (replace(STRONG, strong=False, kind="pdq", distance=12), 0, "weak",
         "Hides nothing: looks alike, 12 of 256 bits differ, which is never proof"),
        # strong ones that do nothing
        (replace(IDLE, conflict=True), 0, "conflicted",
         "Not used: the set itself holds it under conflicting categories"),
        (replace(IDLE, trust="disputed"), 0, "disputed", "Not used: the entry is disputed"),
        (replace(IDLE, state="disputed"), 0, "disputed", "Not used: the entry is disputed"),
        (replace(IDLE, trust="retracted"), 0, "retracted", "Not used: the entry was taken back"),
        (replace(IDLE, role="comparison"), 0, "note",
         "Only a note: the set, or the category it has there, says nothing about the file"),
        (replace(IDLE, disposition="unmapped"), 0, "note",
         "Only a note: the set, or the category it has there, says nothing about the file"),
        (replace(IDLE, action="off"), 0, "off", "Not used: policy off"),
        (replace(IDLE, action="suppress"), 0, "off", "Not used: policy suppress"),
        (replace(IDLE, trust="provisional"), 0, "trust",
         "Not used: trust below what the policy asks for (provisional, asked trusted)"),
        # what is gone
        (replace(STRONG, retired=True, effect=0), 0, "retired", "Not used: the set is retired"),
        (replace(STRONG, lost_in=5), 0, "lost", "The entry was withdrawn in version 5"),
        (replace(STRONG, lost_in=5, changed=True), 2, "lost", "The entry was changed in version 5"),
    ],
)  # fmt: skip
def test_each_match_says_what_it_does_in_plain_words(match: why.Found, effect: int, word: str, words: str) -> None:
    assert why.did(match, effect) == (word, words)


def test_of_what_looks_alike_the_nearest_of_each_set_is_told_unless_it_is_the_very_file(
    case: Case, dana: User, sam: User
) -> None:
    [content] = material.pictures(case, dana, ["a"])
    one, other = know(Says(), sam, "One"), makers.hash_set(sam, "Other")
    sync()
    same = Match.objects.get(content=content)
    alike = [(one, same.entry, 0), *((one, makers.stored(one, sam), distance) for distance in (30, 8, 14)),
             (other, makers.stored(other, sam), 30)]  # fmt: skip
    for hash_set, entry_id, distance in alike:
        row = {"set": hash_set, "entry": entry_id, "distance": distance, "found_in": 1}
        Match.objects.create(content=content, kind="pdq", strong=False, **row)
    told = [(dict(line.facts)["Set"], dict(line.facts)["Distance"]) for line in why.lines(content, blind=False)
            if line.facts]  # fmt: skip
    assert told == [("One", "0"), ("Other", "30"), ("One", "8")]


@dataclass(frozen=True, slots=True)
class Says:
    """One set that knows the file, and what the agency lets it do."""

    code: str = "1"
    policy: dict[str, Any] = field(default_factory=lambda: {"action": "accept"})
    retired: bool = False
    entry: dict[str, Any] = field(default_factory=dict)


PROPOSE, OFF = {"action": "propose"}, {"action": "off"}
ALONE, OTHER, HARMLESS = Says(), Says("2"), Says("5", {"action": "accept", "may_discard": True})


@pytest.mark.parametrize(
    ("says", "state", "first"),
    [
        # one set, or several that agree
        ([ALONE], "known", "Set 0, version 1: SHA-256. Takes the file out of the queue: policy accept."),
        ([ALONE, ALONE, Says(policy=PROPOSE)], "known", "Set 1, version 1: SHA-256. Takes the file"),
        # other categories of one disposition: shown, and no reason to look
        ([ALONE, ALONE, OTHER], "known", "The sets differ in the category, 3 sets: 1, 1, 2."),
        ([Says(policy=PROPOSE), Says("2", PROPOSE)], "confirm", "The sets differ in the category, 2 sets: 1, 2."),
        # two dispositions: nothing closes it, whoever may do what
        ([ALONE, HARMLESS], "open", "Conflict between sets, 2 sets: 1, 5."),
        ([ALONE, ALONE, HARMLESS], "open", "Conflict between sets, 3 sets: 1, 1, 5."),
        ([ALONE, Says("5", PROPOSE)], "open", "Conflict between sets, 2 sets: 1, 5."),
        ([Says(policy=PROPOSE), HARMLESS], "open", "Conflict between sets, 2 sets: 1, 5."),
        ([Says(policy=PROPOSE), Says("5", PROPOSE)], "open", "Conflict between sets, 2 sets: 1, 5."),
        # what may not act has no say
        ([ALONE, Says("5", OFF)], "known", "Set 0, version 1: SHA-256. Takes the file"),
        ([ALONE, Says("5", retired=True)], "known", "Set 0, version 1: SHA-256. Takes the file"),
        ([ALONE, Says("4")], "known", "Set 0, version 1: SHA-256. Takes the file"),
        # nor has a weak match
        ([ALONE, Says("5", entry={"sha256": None, "sha1": None})], "known", "Set 0, version 1: SHA-256. Takes"),
        ([Says(entry={"sha256": None, "sha1": None}), HARMLESS], "known", "Set 1, version 1: SHA-256. Takes"),
    ],
)  # fmt: skip
def test_sets_that_disagree_in_what_a_file_is_never_close_it(
    case: Case, dana: User, sam: User, says: list[Says], state: str, first: str
) -> None:
    material.pictures(case, dana, ["a"])
    for number, one in enumerate(says):
        know(one, sam, f"Set {number}")
    sync()
    item = Item.objects.select_related("content").get()
    assert item.state == state
    said = why.lines(item.content, blind=False)
    assert said[0].text.startswith(first), [line.text for line in said]
    assert checks.broken(case.pk, only=4) == []


def know(says: Says, by: User, name: str) -> HashSet:
    """A set of the agency that has the file `a`, as some import left it."""
    made = makers.hash_set(by, name)
    row = entry("a", says.code, **says.entry)
    disposition = {"4": "comparison", "5": "not_relevant"}.get(says.code, "relevant")
    digests = {"md5": row.md5, "sha1": row.sha1, "sha256": row.sha256, "size": row.size}
    makers.stored(made, by, **digests, code=says.code, disposition=disposition)
    policies.set_policy(made, agency=by.agency, by=by, **says.policy)
    if says.retired:
        sets.retire(made, by=by, reason="old")
    return made


def texts(content: Content, *, blind: bool = False) -> list[str]:
    return [line.text for line in why.lines(content, blind=blind)]


def test_without_a_match_it_says_where_it_was_looked_for(case: Case, dana: User, sam: User) -> None:
    [content] = material.pictures(case, dana, ["b"])
    know(Says(), sam, "Set 0")
    sync()
    assert texts(content) == ["No exact match in 2 sets, 1 entry: Northmoor, Landscapes T1; Set 0."]


def test_the_empty_file_is_never_matched_and_says_so(case: Case, dana: User, sam: User) -> None:
    [content] = material.pictures(case, dana, [""])
    Content.objects.filter(pk=content.pk).update(size=0)
    sha256, md5, sha1 = material.digests("")
    makers.stored(makers.hash_set(sam), sam, md5=md5, sha1=sha1, sha256=sha256, size=0)
    sync()
    content.refresh_from_db()
    assert not Match.objects.exists()
    assert texts(content) == ["An empty file: its hashes say nothing, so it is never matched."]


def test_an_entry_that_is_withdrawn_and_a_set_that_is_retired_are_told(case: Case, dana: User, sam: User) -> None:
    [content] = material.pictures(case, dana, ["a"])
    hash_set = own_set(case)
    makers.publish(hash_set, entry("a"), by=sam)
    other = know(Says(), sam, "Other")
    sync()
    makers.withdraw(hash_set, Match.objects.get(set=hash_set).entry, by=sam)
    assert "A newer version is being matched: Northmoor, Landscapes T1. This may change in a moment." in texts(content)
    sets.retire(other, by=sam, reason="old")
    sync()
    assert texts(content) == [
        "No exact match in 1 set, 0 entries: Northmoor, Landscapes T1.",
        "Other, version 1: SHA-256. Not used: the set is retired.",
        "Northmoor, Landscapes T1, version 1: SHA-256. The entry was withdrawn in version 2.",
    ]


def test_a_first_decision_is_made_without_the_categories_of_the_sets(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a"])
    for number, one in enumerate([ALONE, HARMLESS]):
        know(one, sam, f"Set {number}")
    sync()
    item = Item.objects.select_related("stack", "content").get()
    told = str(inspector.unit(item.stack, by=dana)["why"])
    assert "Conflict between sets, 2 sets." in told
    assert "told after the decision" in told
    assert "Alpine" not in told
    page = signed_in(dana).get(f"/items/{item.public_id}/").content.decode()
    assert "2 sets: 1, 5" not in page
    for telling in ("accept", "harmless", "hide"):  # a policy of its own for what is harmless tells which it is
        assert telling not in told
        assert telling not in str([line.as_json() for line in why.lines(item.content, blind=True)])
    assert "2 sets: 1, 5" in signed_in(sam).get(f"/items/{item.public_id}/").content.decode()


@pytest.mark.parametrize("code", ["1", "4", "5"])
def test_who_is_not_told_the_category_cannot_read_it_off_the_policy(
    case: Case, dana: User, sam: User, code: str
) -> None:
    [content] = material.pictures(case, dana, ["a"])
    know(Says(code, PROPOSE if code == "1" else {"action": "hide" if code == "5" else "off"}), sam, "Set 0")
    for disposition in ("comparison", "not_relevant"):
        policies.set_policy(
            HashSet.objects.get(name="Set 0"), agency=sam.agency, by=sam, disposition=disposition, action="accept"
        )
    sync()
    (line,) = [line for line in why.lines(content, blind=True) if line.facts]
    facts = dict(line.facts)
    assert (facts["Policy"], facts["Category"]) == ("told after the decision", "told after the decision")
    assert not {"accept", "hide", "propose", "harmless", "category"} & set(re.findall(r"\w+", line.text)), line.text


def test_what_holds_comes_first_and_of_very_many_matches_the_rest_is_counted(case: Case, dana: User, sam: User) -> None:
    [content] = material.pictures(case, dana, ["a"])
    gone = [know(Says(), sam, f"A gone {number}") for number in range(2)]
    for number in range(why.MOST):
        know(Says("4"), sam, f"B note {number}")
    know(Says(), sam, "Z acts")
    sync()
    for one in gone:
        Match.objects.filter(set=one).update(lost_in=2)
    told = [line for line in why.lines(content, blind=False) if line.did != "later"]
    assert told[0].text.startswith("Z acts, version 1: SHA-256. Takes the file out")
    assert [line.did for line in told[1 : why.MOST]] == ["note"] * (why.MOST - 1)
    assert told[1].text.startswith(f"B note {why.MOST - 1},")  # the newest
    assert [line.text for line in told[why.MOST :]] == ["And 3 more matches, older or of less weight."]


def test_the_facts_name_set_version_entry_kind_category_trust_and_policy(case: Case, dana: User, sam: User) -> None:
    [content] = material.pictures(case, dana, ["a"])
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    (line,) = [line for line in why.lines(content, blind=False) if line.facts]
    facts = dict(line.facts)
    assert facts.pop("Entry")
    assert facts == {
        "Set": "Northmoor, Landscapes T1",
        "Version": "in it since 1, now 1",
        "Kind": "SHA-256",
        "Distance": "0",
        "Category": "1 Alpine",
        "Trust": "provisional",
        "Policy": "accept, from provisional on",
        "What it did": "Takes the file out of the queue: policy accept",
    }
    assert publishing.publishing_set(case)
    assert matching.behind() == []


def test_of_an_entry_that_a_list_gives_any_number_of_categories_twenty_are_named(
    case: Case, dana: User, sam: User
) -> None:
    [content] = material.pictures(case, dana, ["a"])
    made = makers.hash_set(sam, "Harbour")
    sha256, md5, sha1 = material.digests("a")
    codes = [f"{number:040}" for number in range(30_000)]
    makers.stored(
        made, sam, sha256=sha256, md5=md5, sha1=sha1, size=1000, code="1", conflict=True, raw={"codes": codes}
    )
    sync()
    (line,) = [line for line in why.lines(content, blind=False) if line.facts]
    told = dict(line.facts)["Category"]
    assert told.endswith(f"{', '.join(codes[:20])} and 29,980 more)")
    (known,) = finding.find(made, md5.hex(), by=sam)
    assert known.doubt == f"in conflict: {', '.join(codes[:20])} and 29,980 more"
