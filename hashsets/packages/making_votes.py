"""Our opinions on a peer's set, carried to him: what waits to be sent goes into a package instead of a request."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from hashsets import courier, outgoing
from hashsets.models import Outgoing, Package, Subscription
from hashsets.outgoing import Row
from hashsets.packages import making
from hashsets.packages.making import Draft, Made
from hashsets.packages.watching import NOBODY, Watch, one
from workbench.models import User

PAGE = 1_000  # opinions of one statement
# Opinions that wait, or all that were ever to go there; whether it is our word on the file, and whether a later one is.
WAITING = outgoing.OPINIONS.format(
    more=""", v.current AND v.withdrawn_after IS NULL, EXISTS (
    SELECT FROM hashsets_vote n WHERE n.set_id = v.set_id AND n.ident = v.ident AND n.twin = v.twin
      AND n.organisation = v.organisation AND n.current AND n.id <> v.id)""",
    which="o.vote_id > %(after)s AND (%(whole)s OR o.state = 'waiting')",
)


class Waiting(NamedTuple):
    """One row of WAITING."""

    row: Row
    stands: bool
    replaced: bool


@transaction.atomic
def make(
    subscription: Subscription, *, target: Path | None, by: User, whole: bool = False, watch: Watch = NOBODY
) -> Made | None:
    """Write the opinions that wait for a peer to `target`, a file or a folder, or keep them; None when none do.

    `whole`: all of ours on his set, which needs no package before it. In one transaction, with its row and event:
    the opinions count as sent then. Raises PackageOvertaken, OSError.
    """
    last = making.last_of(subscription.set, subscription.peer, Package.Kind.VOTES)
    start = last.to_seq if last else 0
    rows = [row for row in _waiting(subscription, whole=whole) if not row.replaced]
    if not rows and not whole:
        return None
    lines = (_line(row, start + number) for number, row in enumerate(rows, 1))
    previous = None if whole else last
    begins = previous.to_seq if previous else 0
    draft = Draft(
        subscription.set, subscription.peer, begins, start + len(rows), previous, by, target=target, watch=watch
    )
    made = making.write(draft, watch.told(_("Writing"), lines, len(rows), one), kind=courier.VOTES)
    waiting = Outgoing.objects.filter(subscription=subscription, state=Outgoing.State.WAITING)
    waiting.filter(vote__in=[each.row.vote for each in rows]).update(
        state=Outgoing.State.SENT, answer={"package": str(made.package.public_id)}
    )
    return made


def _waiting(subscription: Subscription, *, whole: bool) -> Iterator[Waiting]:
    at = {"subscription": subscription.pk, "after": 0, "whole": whole, "limit": PAGE}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(WAITING + "LIMIT %(limit)s FOR UPDATE OF o", at)
            found = [Waiting(Row(*row[:-2]), *row[-2:]) for row in cursor.fetchall()]
        yield from found
        if len(found) < PAGE:
            return
        at["after"] = found[-1].row.vote


def _line(one: Waiting, seq: int) -> bytes:
    """An opinion as it travels; of one that was taken back only the file's name."""
    said = outgoing.told(one.row) if one.stands else outgoing.names(one.row) | {"retracted": True}
    return msgspec.json.encode(courier.Opinion(seq=seq, **said))
