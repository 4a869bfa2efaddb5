"""Hashes that a person is told nothing of for now: whoever has a reason registers it; `hashsets` knows no case."""

from collections.abc import Callable, Collection

from workbench.errors import BadInput
from workbench.models import User

Digests = Callable[[User], Collection[bytes]]
_withheld: list[Digests] = []


class Withheld(BadInput):
    """You owe a second view of this file: what is known of it is told when the view is given."""

    code = "withheld"


def register(digests: Digests) -> None:
    """Have these hashes withheld from now on, whatever their kind."""
    if digests not in _withheld:
        _withheld.append(digests)


def of(user: User) -> frozenset[bytes]:
    """All that are withheld from a person."""
    return frozenset(value for digests in _withheld for value in digests(user))
