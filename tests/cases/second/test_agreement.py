"""Agreement of two people: the coefficient and its interval, what too few pairs say, and the way to the items."""

import html
import re
from collections import Counter
from collections.abc import Callable
from math import sqrt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from cases import activity, ending, investigations
from cases.models import Case, SecondView, Viewing
from cases.second import acts as second_acts
from cases.second import agreement, kappa, queue, shares
from hashsets import scheme_tables
from tests.cases.second.test_queue import decide, give
from tests.cases.test_acts import wish
from tests.people import signed_in
from workbench.models import User

TWENTY_FIVE = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
THREE = {("1", "1"): 44, ("1", "2"): 5, ("1", "3"): 1, ("2", "1"): 7, ("2", "2"): 20, ("2", "3"): 3, ("3", "3"): 6,
         ("3", "1"): 4, ("3", "2"): 10}  # fmt: skip


def spread(pairs: dict[tuple[str, str], int]) -> float:
    """The standard error by the delta method, with slopes taken numerically: another way to the same number."""
    total = sum(pairs.values())
    share = {pair: number / total for pair, number in pairs.items()}

    def value(parts: dict[tuple[str, str], float]) -> float:
        whole = sum(parts.values())
        codes = {code for pair in parts for code in pair}
        agreed = sum(parts.get((code, code), 0) for code in codes) / whole
        chance = (
            sum(
                sum(part for (one, _), part in parts.items() if one == code)
                * sum(part for (_, two), part in parts.items() if two == code)
                for code in codes
            )
            / whole**2
        )
        return (agreed - chance) / (1 - chance)

    slope = slopes(value, share)
    mean = sum(share[pair] * slope[pair] for pair in share)
    return sqrt(sum(share[pair] * (slope[pair] - mean) ** 2 for pair in share) / total)


def slopes(
    value: Callable[[dict[tuple[str, str], float]], float], share: dict[tuple[str, str], float], step: float = 1e-6
) -> dict[tuple[str, str], float]:
    return {pair: (value(share | {pair: share[pair] + step}) - value(share)) / step for pair in share}


@pytest.mark.parametrize(("pairs", "expected"), [(TWENTY_FIVE, 0.4), (THREE, 0.5)])
def test_kappa_and_its_interval(pairs: dict[tuple[str, str], int], expected: float) -> None:
    found = kappa.of(pairs)
    assert found
    assert found.value == pytest.approx(expected, abs=5e-5)
    assert (found.high - found.low) / 2 / kappa.NORMAL == pytest.approx(spread(pairs), rel=1e-4)


def test_where_both_say_one_thing_only_kappa_says_nothing() -> None:
    assert kappa.of({("1", "1"): 60}) is None


@pytest.mark.django_db
def test_nothing_is_said_of_a_category_under_fifty_pairs(case: Case, dana: User, milo: User, sam: User) -> None:
    decide(case, dana, ["1"] * 50 + ["2"] * 12)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    scheme = scheme_tables.latest("landscapes-t1")
    lines = {line.category and line.category.code: line for line in _lines(sam)}
    assert (lines["2"].pairs, lines["2"].kappa, lines["2"].missing) == (12, None, True)
    assert lines["1"].pairs == 62
    assert lines["1"].percent == pytest.approx(50 / 62 * 100)
    assert lines[None].kappa == kappa.Kappa(0, 0, 0)  # who always says the same agrees as by chance
    page = signed_in(sam).get(reverse("cases:second")).content.decode()
    assert "too few pairs: 12 of 50" in page
    address = f"{reverse('cases:second_pairs')}?scheme={scheme.scheme_id}&first=2&second=1"
    assert address.replace("&", "&amp;").replace("&amp;first", "&amp;days=90&amp;first") in page
    assert signed_in(sam).get(address).content.decode().count("<tr>") == 13
    assert len(agreement.items(sam, scheme, 90, ("2", "1"))) == 12


def _lines(by: User) -> list[agreement.OfCategory]:
    scheme = scheme_tables.latest("landscapes-t1")
    return agreement.by_category(scheme, agreement.pairs(by, scheme, 90))


@pytest.mark.django_db
def test_each_cell_of_the_matrix_leads_to_its_items_and_to_nothing_clear(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    scheme = scheme_tables.latest("landscapes-t1")
    every = [category.code for category in scheme.categories.all()]
    shares.change(scheme=scheme, percents=dict.fromkeys(every, 100), by=sam, reason="a month of all")
    pairs = [(first, second) for number, first in enumerate(every) for second in every[number % 2 :]] + [("1", "1")]
    decide(case, dana, [first for first, _second in pairs])
    batch, wanted = queue.claim(case=case, by=milo), list(pairs)
    wishes = []
    for unit in queue.units(batch, limit=200):
        first = SecondView.objects.get(public_id=unit["id"]).decision
        assert first
        pair = next(pair for pair in wanted if pair[0] == first.code)
        wanted.remove(pair)
        wishes.append(wish(unit, code=pair[1]))
    second_acts.act(batch=batch, by=milo, wishes=wishes)
    ending.close(batch=batch, by=milo)
    client, met = signed_in(sam), Counter(pairs)
    page = client.get(reverse("cases:second")).content.decode()
    links = re.findall(r'href="([^"]+first=[^"]+)"[^>]*>(\d+)<', page)
    assert sum(int(number) for _link, number in links) == len(pairs)
    assert len(links) == len(met)
    for link, number in links:
        answer = client.get(html.unescape(link)).content.decode()
        asked = parse_qs(urlsplit(html.unescape(link)).query)
        assert met[asked["first"][0], asked["second"][0]] == int(number) == answer.count("<tr>") - 1
        assert (answer.count("/veil"), "/clear" in answer) == (int(number), False)
    assert not Viewing.objects.filter(user=sam).exists()


@pytest.mark.django_db
def test_of_second_views_awaited_no_more_are_counted_than_can_be_told(
    case: Case, dana: User, milo: User, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = investigations.create(number="26-2", name="Quay", scheme_id="landscapes-t1", by=dana, team=[milo])
    decide(case, dana, number=3, viewed=True)
    decide(other, milo, number=2, viewed=True)
    assert [(row.case, row.views, row.is_more) for row in agreement.awaited(sam)] == [
        (case.public_id, 3, False), (other.public_id, 2, False)
    ]  # fmt: skip
    monkeypatch.setattr(agreement, "COUNTED", 2)
    [first] = agreement.awaited(sam, most=1)
    assert (first.case, first.views, first.is_more) == (case.public_id, 2, True)


@pytest.mark.django_db
def test_who_owes_second_views_is_told_of_the_latest_events_without_reading_past_all_decisions(
    case: Case, dana: User, milo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(case, dana, viewed=True)
    queue.claim(case=case, by=milo)
    before = [line["text"] for line in activity.latest(case, by=milo)]
    assert "Case created" in before
    monkeypatch.setattr(activity, "WITHIN", 1)
    assert len(activity.latest(case, by=milo)) <= 1
