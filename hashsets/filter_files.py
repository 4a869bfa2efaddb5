"""The compact filter of a set's version in force: made from PostgreSQL, kept as a file, given out with an event.

`WINNOW_DATA/filters/SET/VERSION-KIND.filter`, a cache: each may be deleted at any time and is made again, with the same
bits. Of what the set holds only digests of the kind enter, of entries in force. Whoever has the file asks it wherever
he is, and nobody learns what (docs/protocol-filter.md): so giving it out is what the log has to tell.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from hashsets import caches, compact, events, kinds
from hashsets.compact import Facts, Filter, Header, UnusableFilter
from hashsets.generations import in_force
from hashsets.kinds import Digest
from hashsets.models import HashSet
from workbench import audit
from workbench.errors import BadInput
from workbench.frozen import frozen
from workbench.models import User
from workbench.words import digits

ENDING = ".filter"
FALSE_POSITIVES = 1  # of a hundred hashes that no entry has, at most; tests/hashsets/compact
BLOCK = 50_000  # ids of entries in one row of the answer, which is one message: no row of the table is one
log = logging.getLogger(__name__)

OF_KIND = f"e.set_id = %(set)s AND {in_force('%(g)s')}"
HAS_DIGEST = "e.{kind} IS NOT NULL AND e.{kind} <> %(empty)s"
COUNT = f"SELECT count(*), count(*) FILTER (WHERE {HAS_DIGEST}) FROM hashsets_entry e WHERE {OF_KIND}"  # noqa: S608
COPY = f"""
COPY (SELECT block.digests FROM generate_series((SELECT min(id) FROM hashsets_entry WHERE set_id = %(set)s),
    (SELECT max(id) FROM hashsets_entry WHERE set_id = %(set)s), %(block)s) AS first,
  LATERAL (SELECT string_agg(substr(e.{{kind}}, 1, 16), ''::bytea) AS digests FROM hashsets_entry e
    WHERE e.id >= first AND e.id < first + %(block)s AND {OF_KIND} AND {HAS_DIGEST}) block
  WHERE block.digests IS NOT NULL) TO STDOUT (FORMAT binary)
"""  # noqa: S608 only constants of this module


class NothingToFilter(BadInput):
    """No entry of this version has a hash of that kind. Choose another kind."""

    code = "nothing-to-filter"


def root() -> Path:
    """The folder of all filters."""
    return Path(settings.DATA_DIR, "filters")


def made(hash_set: HashSet, kind: str) -> tuple[Path, Header]:
    """The filter of the version that `hash_set` names, made where it is not there yet: 0.6 s of CPU for each million.

    `kind`: md5, sha1 or sha256. Raises BadInput for another, NothingToFilter, OSError (a full disk).
    """
    digest = _digest(kind)
    path = root() / str(hash_set.public_id) / f"{hash_set.generation}-{kind}{ENDING}"
    if (found := _kept(path)) is None:
        found = _make(path, hash_set, digest)
        _delete_old(path.parent, hash_set.generation)
    return path, found


def give(hash_set: HashSet, kind: str, *, by: User) -> tuple[BinaryIO, Header]:
    """The file of the version in force, open at its start, and what it says of itself. One event, before it leaves.

    Raises BadInput for a retired set or a kind that is none, NothingToFilter, OSError.
    """
    hash_set.refresh_from_db(fields=["generation", "retired_at"])
    if hash_set.retired_at is not None:
        raise BadInput(noop("%(name)s is retired: no filter is made of it."), name=hash_set.name)
    path, header = made(hash_set, kind)
    file = path.open("rb")
    _record(hash_set, header, by=by)
    return file, header


@transaction.atomic
def _record(hash_set: HashSet, header: Header, *, by: User) -> None:
    audit.record(
        events.FILTER_GIVEN,
        by=by,
        on=hash_set,
        set=hash_set.name,
        generation=header.generation,
        kind=header.kind,
        hashes=header.count,
        bytes=header.size,
        bits_sha256=header.digest.hex(),
    )


def offered(entries: int) -> dict[str, Any]:
    """What a page says of the filter of so many entries before it is made; no query."""
    megabytes = max(0.1, compact.bytes_for(entries) / 1e6)
    return {"kinds": kinds.DIGESTS.values(), "megabytes": digits(megabytes, 1), "percent": FALSE_POSITIVES}


def sweep() -> int:
    """Remove the filters of sets that are gone or retired, and what killed makers left; returns how many."""
    live = HashSet.objects.filter(retired_at=None)
    return caches.sweep(root(), live.values_list("public_id", flat=True))


def _digest(kind: str) -> Digest:
    found = kinds.DIGESTS.get(kind)
    if found is None:
        raise BadInput(noop("Choose a kind of hash: %(kinds)s."), kinds=", ".join(kinds.DIGESTS))
    return found


def _kept(path: Path) -> Header | None:
    """What the file says of itself, read whole; None where it has to be made."""
    try:
        return Filter(path).header
    except FileNotFoundError:
        return None
    except UnusableFilter as error:
        log.warning("the filter %s cannot be used, and is made anew: %s", path.name, error.english)
        return None


def _make(path: Path, hash_set: HashSet, digest: Digest) -> Header:
    """Count, then stream: in one view of the database, as the size depends on the number."""
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "empty": digest.empty, "block": BLOCK}
    with frozen(), connection.cursor() as cursor:
        cursor.execute(COUNT.format(kind=digest.id), values)
        entries, count = cursor.fetchone()
        if not count:
            raise NothingToFilter
        facts = Facts(digest.id, hash_set.public_id, hash_set.generation, entries, count)
        return compact.write(path, facts, _blocks(cursor, COPY.format(kind=digest.id), values))


def _blocks(cursor: Any, statement: str, values: dict[str, Any]) -> Iterator[bytes]:
    """Yield the digests, some ten thousand at a time."""
    with cursor.copy(statement, values) as copy:
        copy.set_types(["bytea"])
        for (digests,) in copy.rows():
            yield digests


def _delete_old(folder: Path, generation: int) -> None:
    """Those of the version before stay: somebody may be about to open one."""
    for path in caches.entries(folder):
        number = path.name.partition("-")[0]
        if path.name.endswith(ENDING) and number.isdecimal() and int(number) < generation - 1:
            path.unlink(missing_ok=True)
