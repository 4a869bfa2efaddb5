"""What is known is brought up to date before a file comes in, as far as that goes without waiting for anybody."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import DatabaseError, InterfaceError

from cases import matching
from cases.ingest import leases
from cases.models import Exhibit
from workbench.errors import WorkbenchError

T = TypeVar("T")
log = logging.getLogger(__name__)


def match_first(exhibit: Exhibit) -> None:
    """Have each set match by its version in force, or files it knows would be decoded as if nobody knew them.

    A set that fails, that waits for its index, or that another worker is matching anew this moment (`rematch` returns
    at once) holds up neither the other sets nor the listing: files are matched by its version of before until the
    sweeper, or that worker, is done with it. Some may be decoded for nothing meanwhile; none stays unmatched.
    """
    agency = exhibit.case.agency_id
    for of, hash_set in _tried(matching.due, "sets are", exhibit) or ():
        if of == agency:
            _tried(partial(matching.rematch, agency, hash_set), f"set {hash_set} is", exhibit)


def _tried(act: Callable[[], T], what: str, exhibit: Exhibit) -> T | None:
    try:
        return leases.retried(act)
    except (DatabaseError, InterfaceError, OSError, WorkbenchError):
        log.exception("%s not matched anew before exhibit %s; the sweeper tries again", what, exhibit.public_id)
        return None
