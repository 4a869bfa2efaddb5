"""What every export product is: a name, its options, and what it writes into a package.

A product reads one `Snapshot` of the case and writes members; it never asks the clock, the locale or
who is building, so the same state of the case gives the same bytes on any machine.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

from cases.exports.package import Package
from cases.exports.snapshot import Snapshot
from workbench.errors import WorkbenchError

REGION = re.compile(r"[A-Za-z]{2,6}")
WITH_MEDIA = "+media"  # ends the name of a variant that holds the files of evidence themselves
DEFAULT_REGION = "default"
DEFAULT_VERSION = "2.0"


class UnknownProduct(WorkbenchError):
    """There is no such export. Choose one of the list."""

    code = "unknown-product"


class UnknownOption(WorkbenchError):
    """This export has no such option. Choose one that is offered."""

    code = "unknown-option"


class ExportUnreadable(WorkbenchError):
    """The package was written and could not be read back, so it was thrown away. Tell whoever runs Winnow."""

    code = "export-unreadable"


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of an export."""

    version: str = DEFAULT_VERSION  # of VICS
    region: str = ""  # of VICS; empty: as imported, else Default
    media: bool = False  # the files themselves, too


def without_options(product_id: str, options: Options) -> str:
    """The variant of a product that has no options. Raises UnknownOption where one was chosen."""
    if options != Options():
        raise UnknownOption(f"The {product_id} has no options: versions, regions and files are for vics.")
    return product_id


@dataclass(frozen=True, slots=True)
class Described:
    """A product in the words of the screens."""

    title: str
    text: str
    versions: tuple[str, ...] = field(default=())


class Product(Protocol):
    """One kind of package. `layout` grows when the same state is to be written differently."""

    id: str
    layout: int
    described: Described
    readme: str  # what README.txt of the package says: each file, and how it was made

    def variant(self, options: Options) -> str:
        """The product with its options in at most 20 characters: `vics1.3`. Raises UnknownOption."""
        ...

    def write(self, snapshot: Snapshot, options: Options, package: Package) -> None:
        """Write the members, sorted by name. What prints the event number comes after `package.seal()`."""
        ...

    def check(self, package: Package) -> None:
        """Read the finished package back as its reader would. Raises ExportUnreadable."""
        ...
