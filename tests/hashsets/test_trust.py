"""Votes to trust (sharing.md section 3)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashsets.trust import MINIMA, Opinion, Resolution, Source, Trust, Vote, at_least, judge


def viewed(*organisations: str, disposition: str = "relevant", at: int = 0, code: str = "1") -> list[Vote]:
    return [Vote(organisation, disposition, code=code, at=at) for organisation in organisations]


A_B_C = viewed("a", "b", "c")
AGAINST = viewed("d", disposition="not_relevant", at=5, code="0")
ECHO = [Vote(organisation, "relevant", code="1", basis="match") for organisation in "xyz"]


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
        ([Vote("a", "relevant", hash_kind=kind) for kind in ("md5", "sha1", "sha256")], {}, Trust.PROVISIONAL),
        # whoever accepted a match has not looked
        (viewed("a") + ECHO, {}, Trust.PROVISIONAL),
        (ECHO, {}, Trust.PROVISIONAL),
        ([Vote("d", "not_relevant", basis="match"), *A_B_C], {}, Trust.TRUSTED),
        # disputed: any two organisations with different dispositions, the owner of the set included
        (A_B_C + AGAINST, {}, Trust.DISPUTED),
        (AGAINST, {"source": Source("owner", "relevant", vouched=True)}, Trust.DISPUTED),
        # changing one's mind is no dispute with oneself
        (viewed("a") + viewed("a", disposition="not_relevant", at=1), {}, Trust.PROVISIONAL),
        # a resolution sets aside the votes against it, and only those cast before it
        (A_B_C + AGAINST, {"resolution": Resolution("relevant", at=5)}, Trust.TRUSTED),
        (A_B_C + AGAINST, {"resolution": Resolution("relevant", at=4)}, Trust.DISPUTED),
        (A_B_C + AGAINST, {"resolution": Resolution("not_relevant", at=5)}, Trust.PROVISIONAL),
        # retracted: the submitter withdrew and nobody else looked
        ([Vote("a", "relevant", withdrawn=True)], {}, Trust.RETRACTED),
        ([*viewed("a"), Vote("a", "relevant", at=1, withdrawn=True)], {}, Trust.RETRACTED),
        ([Vote("a", "relevant", withdrawn=True), *ECHO], {}, Trust.RETRACTED),
        ([Vote("a", "relevant", withdrawn=True), *viewed("b")], {}, Trust.PROVISIONAL),
        ([Vote("a", "not_relevant", withdrawn=True), *A_B_C[1:]], {}, Trust.CORROBORATED),
    ],
)
def test_votes_amount_to(votes: list[Vote], arguments: dict[str, object], expected: Trust) -> None:
    for order in itertools.islice(itertools.permutations(votes), 24):
        assert judge(order, **arguments).trust is expected  # type: ignore[arg-type]


def test_codes_may_differ_inside_one_disposition() -> None:
    votes = [*viewed("a", "b", code="A"), *viewed("c", code="B")]
    assert judge(votes) == Opinion(Trust.TRUSTED, organisations=3, spread=2)


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


@given(
    st.lists(
        st.builds(Vote, st.sampled_from("abcd"), st.sampled_from(["relevant", "not_relevant"]), at=st.integers(0, 9))
    )
)
def test_one_opposing_organisation_is_enough_whatever_the_majority(votes: list[Vote]) -> None:
    agreeing = [Vote(vote.organisation, "relevant", at=vote.at) for vote in votes]
    assert judge(agreeing).trust is not Trust.DISPUTED
    if agreeing:
        assert judge([*agreeing, Vote("z", "not_relevant")]).trust is Trust.DISPUTED
