"""Votes to trust (sharing.md section 3)."""

import itertools
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.trust import MINIMA, Opinion, Resolution, Source, Trust, Vote, at_least, judge


def viewed(
    *organisations: str, disposition: str = "relevant", at: int = 0, code: str = "1", until: int | None = None
) -> list[Vote]:
    """Votes one after the other, from number `at` on."""
    return [
        Vote(organisation, disposition, code=code, at=place, until=until)
        for place, organisation in enumerate(organisations, at)
    ]


A_B_C = viewed("a", "b", "c")
AGAINST = viewed("d", disposition="not_relevant", at=5, code="0")
ECHO = [
    Vote(organisation, "relevant", code="1", basis="match", at=place) for place, organisation in enumerate("xyz", 20)
]
RETRACTED = Trust.RETRACTED
KINDS = ("md5", "sha1", "sha256")
LISTED = Source("owner", "relevant", vouched=True)


@pytest.mark.parametrize(
    ("votes", "arguments", "expected"),
    [
        # provisional: one organisation looked, or an imported set is marked so
        (viewed("a"), {}, Trust.PROVISIONAL),
        ([], {"source": Source("owner", "relevant", vouched=False)}, Trust.PROVISIONAL),
        # corroborated: two organisations looked, same disposition
        (viewed("a", "b"), {}, Trust.CORROBORATED),
        # trusted: three looked, none against; or the owner vouches for the set
        (A_B_C, {}, Trust.TRUSTED),
        ([], {"source": Source("owner", "relevant", vouched=True)}, Trust.TRUSTED),
        # the same organisation twice, or for two kinds of hash, is one organisation
        (viewed("a") + viewed("a", at=3), {}, Trust.PROVISIONAL),
        ([Vote("a", "relevant", hash_kind=kind, at=n) for n, kind in enumerate(KINDS)], {}, Trust.PROVISIONAL),
        # whoever accepted a match has not looked
        (viewed("a") + ECHO, {}, Trust.PROVISIONAL),
        (ECHO, {}, Trust.PROVISIONAL),
        ([Vote("d", "not_relevant", basis="match", at=9), *A_B_C], {}, Trust.TRUSTED),
        # nor does he take back what his organisation saw before
        ([*A_B_C, Vote("a", "not_relevant", basis="match", at=9)], {}, Trust.TRUSTED),
        # disputed: any two organisations with different dispositions, the owner of the set included
        (A_B_C + AGAINST, {}, Trust.DISPUTED),
        (AGAINST, {"source": LISTED}, Trust.DISPUTED),
        # whatever kind of hash they rest on
        ([*A_B_C, Vote("d", "not_relevant", hash_kind="photodna", at=9)], {}, Trust.DISPUTED),
        # it stays, whoever changes his mind or takes his word back
        (A_B_C + AGAINST + viewed("d", at=6), {}, Trust.DISPUTED),
        (A_B_C + viewed("d", disposition="not_relevant", at=5, until=5), {}, Trust.DISPUTED),
        (AGAINST + viewed("d", at=6), {"source": LISTED}, Trust.DISPUTED),
        # unless they never stood for it at once
        (viewed("a", until=0) + viewed("b", disposition="not_relevant", at=1), {}, Trust.PROVISIONAL),
        # changing one's mind is no dispute with oneself
        (viewed("a") + viewed("a", disposition="not_relevant", at=1), {}, Trust.PROVISIONAL),
        # a resolution sets aside the votes against it, and only those cast before it
        (A_B_C + AGAINST, {"resolution": Resolution("relevant", at=5)}, Trust.TRUSTED),
        (A_B_C + AGAINST, {"resolution": Resolution("relevant", at=4)}, Trust.DISPUTED),
        (A_B_C + AGAINST, {"resolution": Resolution("not_relevant", at=5)}, Trust.PROVISIONAL),
        # the list's word is set aside like any other, however vouched for
        (AGAINST, {"source": LISTED, "resolution": Resolution("not_relevant", at=5)}, Trust.PROVISIONAL),
        (AGAINST, {"source": LISTED, "resolution": Resolution("relevant", at=5)}, Trust.TRUSTED),
        # retracted: the submitter withdrew and nobody else looked
        (viewed("a", until=0), {}, Trust.RETRACTED),
        (viewed("a") + viewed("a", at=1, until=1), {}, Trust.RETRACTED),
        ([*viewed("a", until=0), *ECHO], {}, Trust.RETRACTED),
        (viewed("a", until=1) + viewed("b", at=1), {}, Trust.PROVISIONAL),
        (viewed("a", until=0) + viewed("b", "c", at=1), {}, Trust.CORROBORATED),
        (
            A_B_C[:1] + viewed("d", disposition="not_relevant", at=5, until=5) + viewed("a", at=6, until=6),
            {},
            RETRACTED,
        ),
        # what is on a list is not, nor what somebody voted for in vain
        (viewed("a", until=0), {"source": LISTED}, Trust.TRUSTED),
        (AGAINST + viewed("a", until=5), {"resolution": Resolution("relevant", at=5)}, Trust.PROVISIONAL),
    ],
)
def test_votes_amount_to(votes: list[Vote], arguments: dict[str, object], expected: Trust) -> None:
    for order in itertools.islice(itertools.permutations(votes), 24):
        assert judge(order, **arguments).trust is expected  # type: ignore[arg-type]


def test_codes_may_differ_inside_one_disposition() -> None:
    votes = [*viewed("a", "b", code="A"), *viewed("c", code="B", at=2)]
    assert judge(votes) == Opinion(Trust.TRUSTED, organisations=3, spread=2, code="A", disposition="relevant")


def test_the_category_of_most_organisations_stands_and_of_equals_the_earliest() -> None:
    assert judge([*viewed("a", code="B"), *viewed("b", code="A", at=1)]).code == "B"
    assert judge([*viewed("a", code="B"), *viewed("b", "c", code="A", at=1)]).code == "A"


def test_a_resolutions_category_stands_until_nobody_agrees() -> None:
    settled = Resolution("relevant", at=5, code="2")
    assert judge(A_B_C + AGAINST, resolution=settled).code == "2"
    later = viewed("a", "b", "c", disposition="not_relevant", at=7, code="0")
    assert judge(A_B_C + AGAINST + later, resolution=settled).code == "0"


def heard(*said: tuple[str, str, int]) -> Opinion:
    """What opinions on an MD5 amount to: (organisation, voice, twin) one after the other."""
    votes = [
        Vote(name, "relevant", "1", hash_kind="md5", names=frozenset({"md5"}), at=at, voice=voice, twin=twin)
        for at, (name, voice, twin) in enumerate(said)
    ]
    return judge(votes, digests=("md5",))


def test_an_organisation_is_one_however_its_voice_changed_between_its_opinions() -> None:
    assert heard(("a", "key 1", 0), ("a", "key 2", 1), ("a", "", 2)).trust is Trust.PROVISIONAL


def test_organisations_of_one_key_are_one_voice_after_their_node_has_another_key() -> None:
    assert heard(("a", "key 1", 0), ("b", "key 1", 0), ("a", "key 2", 0)).trust is Trust.PROVISIONAL
    assert heard(("a", "key 1", 0), ("b", "key 1", 0), ("a", "", 0)).trust is Trust.CORROBORATED
    assert heard(("a", "key 1", 0), ("b", "key 2", 0), ("c", "key 3", 0)).trust is Trust.TRUSTED


@pytest.mark.parametrize("minimum", MINIMA)
def test_disputed_and_retracted_never_act_by_themselves(minimum: Trust) -> None:
    assert not at_least("disputed", minimum)
    assert not at_least("retracted", minimum)


def test_a_minimum_admits_itself_and_what_is_stronger() -> None:
    table = [[at_least(trust, minimum) for minimum in MINIMA] for trust in MINIMA]
    assert table == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize("minimum", ["disputed", "retracted", "", "great"])
def test_a_minimum_that_is_none_admits_nothing(minimum: str) -> None:
    assert not any(at_least(trust, minimum) for trust in Trust)


DISPOSITIONS = st.sampled_from(["relevant", "not_relevant"])


def histories(organisations: str = "abcd") -> st.SearchStrategy[list[Vote]]:
    """Votes one after the other, some taken back later."""
    said = st.tuples(
        st.sampled_from(organisations),
        st.sampled_from([("relevant", "1"), ("relevant", "2"), ("not_relevant", "0")]),
        st.sampled_from(["viewed", "viewed", "match"]),
        st.sampled_from(["md5", "sha256", "pdq"]),
        st.none() | st.integers(0, 4),
    )
    return st.lists(said, max_size=8).map(_numbered)


def _numbered(said: list[tuple[str, tuple[str, str], str, str, int | None]]) -> list[Vote]:
    return [
        Vote(organisation, *meaning, basis, kind, at, None if stood is None else at + stood)
        for at, (organisation, meaning, basis, kind, stood) in enumerate(said)
    ]


RESOLUTIONS = st.none() | st.builds(Resolution, DISPOSITIONS, at=st.integers(0, 9), code=st.just("9"))
SOURCES = st.none() | st.builds(Source, st.sampled_from("ao"), DISPOSITIONS, vouched=st.booleans(), code=st.just("1"))


@settings(deadline=None)
@given(histories(), RESOLUTIONS, SOURCES, st.randoms())
def test_the_order_in_which_votes_are_read_never_matters(
    votes: list[Vote], resolution: Resolution | None, source: Source | None, random: Random
) -> None:
    shuffled = random.sample(votes, len(votes))
    assert judge(shuffled, source=source, resolution=resolution) == judge(votes, source=source, resolution=resolution)


@settings(deadline=None)
@given(histories(organisations="a"), RESOLUTIONS)
def test_one_organisation_alone_makes_nothing_trusted_nor_a_dispute(
    votes: list[Vote], resolution: Resolution | None
) -> None:
    found = judge(votes, resolution=resolution)
    assert found.trust in {Trust.PROVISIONAL, Trust.RETRACTED}
    assert found.organisations <= 1


@settings(deadline=None)
@given(histories(), RESOLUTIONS, SOURCES)
def test_what_nobody_looked_at_changes_nothing_that_somebody_looked_at(
    votes: list[Vote], resolution: Resolution | None, source: Source | None
) -> None:
    looked = [vote for vote in votes if vote.basis == "viewed"]
    if looked:
        without = judge(looked, source=source, resolution=resolution)
        assert judge(votes, source=source, resolution=resolution) == without


@settings(deadline=None)
@given(histories())
def test_one_opposing_organisation_is_enough_whatever_the_majority(votes: list[Vote]) -> None:
    agreeing = [replace(vote, disposition="relevant", until=None, basis="viewed") for vote in votes]
    assert judge(agreeing).trust is not Trust.DISPUTED
    if agreeing:
        assert judge([*agreeing, Vote("z", "not_relevant", at=99)]).trust is Trust.DISPUTED


@settings(deadline=None)
@given(histories(), histories())
def test_a_dispute_is_ended_by_no_vote(votes: list[Vote], later: list[Vote]) -> None:
    moved = [replace(vote, at=vote.at + 20, until=vote.until and vote.until + 20) for vote in later]
    if judge(votes).trust is Trust.DISPUTED:
        assert judge([*votes, *moved]).trust in {Trust.DISPUTED, Trust.RETRACTED}


@settings(deadline=None)
@given(histories(), DISPOSITIONS, st.integers(0, 7))
def test_a_resolution_settles_only_what_is_older(votes: list[Vote], disposition: str, at: int) -> None:
    resolution = Resolution(disposition, at=at)
    older, newer = ([v for v in votes if v.at <= at], [v for v in votes if v.at > at])
    assert judge(older, resolution=resolution).trust is not Trust.DISPUTED
    if judge(newer).trust is Trust.DISPUTED:
        assert judge(votes, resolution=resolution).trust is Trust.DISPUTED


@settings(deadline=None)
@given(histories(), RESOLUTIONS, SOURCES)
def test_trust_is_never_more_than_the_organisations_that_looked_bear(
    votes: list[Vote], resolution: Resolution | None, source: Source | None
) -> None:
    found = judge(votes, source=source, resolution=resolution)
    least = {Trust.TRUSTED: 3, Trust.CORROBORATED: 2}.get(found.trust, 0)
    vouched = source is not None and source.vouched
    assert found.organisations >= least or (vouched and found.trust is Trust.TRUSTED)
    assert found.organisations <= len({vote.organisation for vote in votes if vote.basis == "viewed"})
