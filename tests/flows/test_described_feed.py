"""Readers follow a set that others write, all of them processes of their own, at the running product."""

from dataclasses import replace

from tests.product import Product
from tests.programmes import feed


def test_readers_of_a_set_that_others_write_are_told_every_number_once(live: Product) -> None:
    found = feed.run(live, readers=2, writers=2, seconds=2, seed=7)
    assert found.wrong == []
    assert found.table.head > len(found.table.standing) > 300
    told = found.told[0]
    middle = len(told.steps) // 2
    for spoilt in (
        replace(told, steps=told.steps[:middle] + told.steps[middle + 1 :]),
        replace(told, steps=[*told.steps, told.steps[middle]]),
        replace(told, baseline=told.baseline[1:]),
    ):
        assert feed.faults(spoilt, found.table) != []
