"""Our opinions on a peer's set, carried to him: what waits to be sent goes into a package instead of a request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction

from hashsets import courier, packages, wire
from hashsets.entry_rows import loaded
from hashsets.models import Outgoing, Package, Subscription
from hashsets.packages import Draft, Made
from workbench.models import User

PAGE = 1_000  # opinions of one statement
# Opinions that wait, or all that were ever to go there, with what names the file: as the entry's last version has it.
# `stands`: it is our word on the file; `replaced`: a later one is.
WAITING = """
SELECT o.vote_id, v.current AND v.withdrawn_after IS NULL AS stands, EXISTS (
    SELECT FROM hashsets_vote n WHERE n.set_id = v.set_id AND n.ident = v.ident AND n.twin = v.twin
      AND n.organisation = v.organisation AND n.current AND n.id <> v.id) AS replaced,
  t.scheme_id, v.code, v.basis, v.at, e.raw, e.size, e.md5, e.sha1, e.sha256
FROM hashsets_outgoing o JOIN hashsets_vote v ON v.id = o.vote_id
JOIN hashsets_hashset h ON h.id = v.set_id JOIN hashsets_scheme t ON t.id = h.scheme_id
JOIN LATERAL (SELECT * FROM hashsets_entry e WHERE e.set_id = v.set_id AND e.ident = v.ident AND e.twin = v.twin
              ORDER BY e.added_in DESC LIMIT 1) e ON true
WHERE o.subscription_id = %(subscription)s AND o.vote_id > %(after)s AND (%(whole)s OR o.state = 'waiting')
ORDER BY o.vote_id LIMIT %(limit)s FOR UPDATE OF o
"""


class Row(NamedTuple):
    """One row of WAITING."""

    vote: int
    stands: bool
    replaced: bool
    scheme: str
    code: str
    basis: str
    at: Any
    raw: Any
    size: int | None
    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None


@transaction.atomic
def make(subscription: Subscription, *, target: Path, by: User, whole: bool = False) -> Made | None:
    """Write the opinions that wait for a peer to `target`, a file or a folder; None when none do.

    `whole`: all of ours on his set, which needs no package before it. In one transaction, with its row and event:
    the opinions count as sent then. Raises PackageOvertaken, OSError.
    """
    last = packages.last_of(subscription.set, subscription.peer, Package.Kind.VOTES)
    start = last.to_seq if last else 0
    rows = [row for row in _rows(subscription, whole=whole) if not row.replaced]
    if not rows and not whole:
        return None
    lines = (_line(row, start + number) for number, row in enumerate(rows, 1))
    previous = None if whole else last
    draft = Draft(
        subscription.set, subscription.peer, previous.to_seq if previous else 0, start + len(rows), previous, by
    )
    made = packages.write(draft, lines, target=target, kind=courier.VOTES)
    waiting = Outgoing.objects.filter(subscription=subscription, state=Outgoing.State.WAITING)
    waiting.filter(vote__in=[row.vote for row in rows]).update(
        state=Outgoing.State.SENT, answer={"package": str(made.package.public_id)}
    )
    return made


def _rows(subscription: Subscription, *, whole: bool) -> Iterator[Row]:
    at = {"subscription": subscription.pk, "after": 0, "whole": whole, "limit": PAGE}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(WAITING, at)
            found = [Row(*row) for row in cursor.fetchall()]
        yield from found
        if len(found) < PAGE:
            return
        at["after"] = found[-1].vote


def _line(row: Row, seq: int) -> bytes:
    """An opinion as it travels; of one that was taken back only the file's name."""
    names: dict[str, Any] = {name: wire.digest(getattr(row, name)) for name in ("md5", "sha1", "sha256")}
    if not row.stands:
        return msgspec.json.encode(courier.Opinion(seq=seq, **names, retracted=True))
    raw = loaded(row.raw)
    return msgspec.json.encode(
        courier.Opinion(
            seq=seq,
            **names,
            media_size=row.size,
            mime_type=raw.get("mime_type"),
            scheme=row.scheme,
            category=row.code,
            basis=row.basis,
            decided_at=row.at.isoformat(),
            alternative_hashes=wire.other_hashes(raw),
        )
    )
