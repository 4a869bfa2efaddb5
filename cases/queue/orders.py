"""The orders in which a case's open stacks are claimed. Each is one index, so a claim reads as far as it takes.

What was skipped comes last in all of them. A stack stands where the first of its items stands that is open and asked
for.
"""

from dataclasses import dataclass

from cases.units import LAST

DEFAULT = "alike"


@dataclass(frozen=True, slots=True)
class Order:
    """`keys` are columns of the stack `s` or, where `by_item`, of its items `i`, as the index has them.

    Orders of stacks may begin with a `rank`, whose values are `ranks` but for what was skipped.
    """

    code: str
    keys: str
    by_item: bool = True
    rank: str = "0"
    ranks: str = "0"

    @property
    def index(self) -> str:
        """What an ORDER BY says: the keys, then who came first."""
        return f"{self.keys}, {'i' if self.by_item else 's'}.id"

    @property
    def ranked(self) -> str:
        """The same of stacks that were read with their rank as a column: told otherwise, they are sorted again."""
        return self.index.replace(self.rank, "s.rank")


# Stacks of several first: one look at each decides most. Then what stands alone, by its place.
ALIKE = f"(CASE WHEN starts_with(s.sort_key, '{LAST}') THEN 2 WHEN s.open_items > 1 THEN 0 ELSE 1 END)"
ORDERS = {
    order.code: order
    for order in (
        Order("alike", f"{ALIKE}, s.sort_key", by_item=False, rank=ALIKE, ranks="0, 1"),
        Order("promise", "i.promise DESC"),
        Order("path", "s.sort_key", by_item=False),
        Order("time", "i.taken_at NULLS LAST"),
        Order("size", "i.size DESC NULLS LAST"),
    )
}
