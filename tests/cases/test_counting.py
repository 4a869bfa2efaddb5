"""Counting rules: category x exhibit x still and moving."""

import random

import pytest

from cases.counting import CategoryCount, Count, CountingRules, CountRow, natural, tabulate

# Two exhibits; one still of category 1 lies on both, three times on the first.
ROWS = [
    CountRow("1", "NM-2", "still", unique=2, instances=4, known=False),
    CountRow("1", "NM-10", "still", unique=1, instances=1, known=False),
    CountRow("1", None, "still", unique=2, instances=5, known=False),
    CountRow("1", "NM-10", "video", unique=1, instances=2, known=True),
    CountRow("1", None, "video", unique=1, instances=2, known=True),
    CountRow("", "NM-2", "still", unique=3, instances=3, known=False),
    CountRow("", None, "still", unique=3, instances=3, known=False),
    CountRow("99", "NM-2", "audio", unique=1, instances=1, known=False),
    CountRow("99", None, "audio", unique=1, instances=1, known=False),
]
UNIQUE, ALL = CountingRules(duplicates=False), CountingRules(duplicates=True)


def line(code: str, rules: CountingRules) -> CategoryCount:
    return next(each for each in tabulate(ROWS, ["1", "2"], rules).categories if each.code == code)


def test_the_scheme_gives_the_order_then_codes_it_lacks_then_what_is_undecided() -> None:
    assert [each.code for each in tabulate(ROWS, ["2", "1"]).categories] == ["2", "1", "99", ""]


def test_exhibits_stand_in_the_order_a_person_expects() -> None:
    assert tabulate(ROWS).exhibits == ("NM-2", "NM-10")
    assert sorted(["b", "NM-10", "NM-9a", "", "NM-9"], key=natural) == ["", "NM-9", "NM-9a", "NM-10", "b"]


def test_counted_once_a_content_on_two_exhibits_is_one_in_the_total() -> None:
    first = line("1", UNIQUE)
    assert {name: count.still for name, count in first.exhibits.items()} == {"NM-2": 2, "NM-10": 1}
    assert first.total == Count(still=2, moving=1, known=1, new=2)


def test_with_duplicates_every_file_counts() -> None:
    first = line("1", ALL)
    assert {name: count.still for name, count in first.exhibits.items()} == {"NM-2": 4, "NM-10": 1}
    assert first.total == Count(still=5, moving=2, known=2, new=5)


def test_a_category_nobody_used_is_listed_with_zeros() -> None:
    assert line("2", ALL).total == Count()
    assert set(line("2", ALL).exhibits) == {"NM-2", "NM-10"}


@pytest.mark.parametrize("rules", [UNIQUE, ALL])
def test_the_lines_add_up_to_the_total(rules: CountingRules) -> None:
    table = tabulate(ROWS, ["1"], rules)
    for field in ("still", "moving", "known", "new", "total"):
        assert getattr(table.total.total, field) == sum(getattr(each.total, field) for each in table.categories)
        for exhibit in table.exhibits:
            cells = [getattr(each.exhibits[exhibit], field) for each in table.categories]
            assert getattr(table.total.exhibits[exhibit], field) == sum(cells)
    assert table.total.total.known + table.total.total.new == table.total.total.total


def test_the_order_of_the_rows_does_not_matter() -> None:
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    assert tabulate(shuffled, ["1"], ALL) == tabulate(ROWS, ["1"], ALL)


def test_the_rules_are_said_with_the_table() -> None:
    assert UNIQUE.sentences() != ALL.sentences()
    assert all(sentence.endswith(".") for sentence in UNIQUE.sentences() + ALL.sentences())


def test_an_empty_case_is_an_empty_table() -> None:
    table = tabulate([], ["1"])
    assert (table.exhibits, [each.code for each in table.categories]) == ((), ["1", ""])
