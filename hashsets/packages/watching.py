"""Whoever follows the making or the taking in of a package: told how far it is, and what came of it before it holds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from hashsets.storing import Tell
from workbench.errors import WorkbenchError

EVERY = 5_000  # records between two words
Record = TypeVar("Record")


class PackageCancelled(WorkbenchError):
    """Somebody gave this up. Nothing was stored."""

    code = "package-cancelled"
    status = HTTPStatus.CONFLICT


def _nothing(*_what: Any) -> None:
    """Nobody follows."""


@dataclass(frozen=True, slots=True)
class Watch:
    """`tell`: phase, records done, of how many; whatever it raises ends the work, and nothing is stored.

    `settled` is called with the result in the transaction that stores it, as the last of it. `called`: what the sender
    called the file, where it lies under another name.
    """

    tell: Tell = _nothing
    settled: Callable[[Any], None] = _nothing
    called: str = ""

    def told(self, phase: str, records: Iterable[Record], of: int, each: Callable[[Record], int]) -> Iterator[Record]:
        """The same records, telling how far they are; `each`: how many one of them counts for."""
        done, said = 0, -EVERY
        for record in records:
            if done - said >= EVERY:
                self.tell(phase, done, of)
                said = done
            yield record
            done += each(record)
        self.tell(phase, done, of)


NOBODY = Watch()


def one(_record: Any) -> int:
    """A record counts for one."""
    return 1
