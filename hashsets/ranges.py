"""Look-up without disclosure: all that sets hold under the first five digits of a hash, among invented ones.

Who asks tells 20 bits of a hash, which a million others share, and compares the rest himself. What an entry is, a
look-up tells, and that discloses the hash: only for those that are in the answer.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from hashsets import kinds, range_padding
from hashsets.generations import in_force
from hashsets.kinds import Digest
from hashsets.models import HashSet
from hashsets.range_padding import PREFIX
from workbench.errors import BadInput

# One row of each set, and in it what the set's own index of the kind has between two digests. That only the partitions
# of these sets can be meant, the planner is told a second time: planning is most of the cost.
UNDER = f"""
SELECT a.place, coalesce(g.entries, 0), ARRAY(SELECT DISTINCT encode(e.{{kind}}, 'hex') FROM hashsets_entry e
  WHERE e.set_id = a.set_id AND e.set_id = ANY(%(sets)s::bigint[]) AND e.{{kind}} >= %(low)s AND e.{{kind}} < %(high)s
    AND e.{{kind}} <> %(empty)s AND {in_force("a.generation")})
FROM unnest(%(sets)s::bigint[], %(generations)s::integer[]) WITH ORDINALITY AS a(set_id, generation, place)
LEFT JOIN hashsets_generation g ON g.set_id = a.set_id AND g.number = a.generation
"""  # noqa: S608 only constants


class BadPrefix(BadInput):
    """A range is the first 5 hex digits of an MD5, SHA-1 or SHA-256."""

    code = "bad-prefix"


@dataclass(frozen=True, slots=True)
class Range:
    """The suffixes under a prefix: lower-case hex, in order, of one width, real and invented."""

    kind: str
    prefix: str  # lower case
    suffixes: tuple[str, ...]

    def text(self) -> str:
        """One suffix a line; of the same length for every prefix while the sets stay as large as they are."""
        return "".join(f"{suffix}\n" for suffix in self.suffixes)


def answer(sets: Sequence[HashSet], kind: str, prefix: str) -> Range:
    """What these sets hold under a prefix, each at the version it names. One statement.

    The same sets at the same versions answer the same. Each set is filled up by itself, so that the answers of two and
    of both together, compared, tell no more than theirs. Raises BadPrefix.
    """
    digest, prefix = kinds.DIGESTS.get(kind), prefix.lower()
    if digest is None or not re.fullmatch(rf"[0-9a-f]{{{PREFIX}}}", prefix):
        raise BadPrefix
    found = set[str]()
    wanted = 0
    for hash_set, (entries, real) in zip(sets, _under(sets, digest, prefix), strict=True):
        own = _padded(hash_set.public_id, entries, real, digest, prefix)
        wanted += len(own)
        found |= own
    # What two sets hold both is one line and must not be missed by who counts them.
    found = range_padding.filled(found, wanted, seed=_secret() + b"several" + _seed(digest, prefix), size=digest.size)
    return Range(kind, prefix, tuple(sorted(found)))


def _padded(of_set: UUID, entries: int, real: Iterable[str], digest: Digest, prefix: str) -> set[str]:
    suffixes = {one[PREFIX:] for one in real}
    return range_padding.padded(
        suffixes, entries=entries, secret=_secret(), of_set=of_set, kind=digest.id, size=digest.size, prefix=prefix
    )


def _under(sets: Sequence[HashSet], digest: Digest, prefix: str) -> list[tuple[int, list[str]]]:
    """Of each set the number of its entries, and the digests that begin so, as hex."""
    number = int(prefix, 16)
    # Half a byte behind the prefix; behind the last there is only what is longer than a digest.
    high = ((number + 1) << 4).to_bytes(3, "big") if number + 1 < range_padding.PREFIXES else b"\xff" * 33
    values: dict[str, Any] = {
        "low": (number << 4).to_bytes(3, "big"),
        "high": high,
        "empty": digest.empty,
        "sets": [one.pk for one in sets],
        "generations": [one.generation for one in sets],
    }
    with connection.cursor() as cursor:
        cursor.execute(UNDER.format(kind=digest.id), values)
        return [(entries, found) for _place, entries, found in sorted(cursor.fetchall())]


def _seed(digest: Digest, prefix: str) -> bytes:
    return digest.id.encode() + prefix.encode()


def _secret() -> bytes:
    """What is invented follows from it: with another one, two answers compared tell what is real."""
    return hashlib.sha256(b"hash set ranges " + settings.SECRET_KEY.encode()).digest()
