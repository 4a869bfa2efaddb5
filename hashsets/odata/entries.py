"""One entry of what is shared with the caller: by its id, or by a hash."""

import re
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse

from hashsets import entry_rows, feed_pages, holding, kinds
from hashsets.entry_rows import Version
from hashsets.feed_pages import Step
from hashsets.models import HashSet, Share
from hashsets.odata import base, media_pages, options
from hashsets.odata.base import ODataView, answered
from hashsets.odata.callers import Caller
from hashsets.odata.errors import NotShared, Unsupported
from workbench.errors import BadInput

ONE = frozenset({"$select", "$format"})
MOST = 200  # entries that one hash is answered with
PARAMETER = re.compile(r"(algo|value)='([^']*)'")
# The latest step of each of these entries in each of these sets; by `change_of_entry`.
LATEST = """
SELECT DISTINCT ON (a.place, c.public_id) a.place, c.seq
FROM unnest(%(sets)s::bigint[]) WITH ORDINALITY AS a(set_id, place)
JOIN hashsets_change c ON c.set_id = a.set_id AND c.public_id = ANY(%(ids)s::uuid[])
ORDER BY a.place, c.public_id, c.seq DESC
"""


class Entry(ODataView):
    """One entry."""

    def get(self, request: HttpRequest, entry_id: UUID) -> HttpResponse:
        """The entry as its set's feed tells it last."""
        asked = options.of(request, known=ONE)
        found = _preferred(steps(self.caller, [entry_id]))
        if not found:
            raise NotShared
        share, step = found[0]
        told = as_json(self.caller, asked, share, step)
        return answered({"@odata.context": f"{base.root(request)}$metadata#Media/$entity"} | told)


class ByHash(ODataView):
    """Entries by a hash."""

    def get(self, request: HttpRequest, parameters: str) -> HttpResponse:
        """Entries of all shared sets that have the hash, at most 200."""
        asked = options.of(request, known=ONE)
        given = dict(PARAMETER.findall(parameters))
        if set(given) != {"algo", "value"} or PARAMETER.sub("", parameters).replace(" ", "") != ",":
            raise Unsupported("Write ByHash(algo='md5',value='...'); algo is md5, sha1 or sha256.")
        kind = kinds.DIGESTS.get(given["algo"].lower())
        if kind is None:
            raise BadInput(f"algo is one of {', '.join(kinds.DIGESTS)}.")
        sets = [share.set for share in self.caller.shares()]
        held = holding.held(sets, kind.id, [kind.parse(given["value"])])[:MOST]
        found = steps(self.caller, [one.public_id for one in held])
        rows = [as_json(self.caller, asked, share, step) for share, step in found if not step.deleted]
        return answered({"@odata.context": f"{base.root(request)}$metadata#Media", "value": rows})


def as_json(caller: Caller, asked: options.Options, share: Share, step: Step) -> dict[str, object]:
    """An entry, or of its properties those that are selected."""
    names = options.chosen(asked.select, media_pages.properties(full=caller.full))
    made = feed_pages.media(step, share.set.scheme.scheme_id, full=caller.full)
    return {name: getattr(made, attribute) for name, attribute in names.items()}


def steps(caller: Caller, ids: list[UUID]) -> list[tuple[Share, Step]]:
    """The latest step of each of these entries in each shared set, tombstones too.

    Two queries, and one for each set that has some.
    """
    shares = list(caller.shares())
    if not shares or not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"sets": [share.set_id for share in shares], "ids": list(set(ids))})
        found = cursor.fetchall()
    seqs: dict[int, list[int]] = {}
    for place, seq in found:
        seqs.setdefault(place - 1, []).append(seq)
    return [(shares[place], step) for place, some in seqs.items() for step in feed_pages.some(shares[place].set, some)]


def one(caller: Caller, entry_id: UUID) -> tuple[Share, Version]:
    """An entry as it is in force, in a set that takes opinions if there is one. Raises NotShared."""
    for share, step in _preferred(steps(caller, [entry_id])):
        if version := _in_force(share.set, step):
            return share, version
    raise NotShared


def _preferred(found: list[tuple[Share, Step]]) -> list[tuple[Share, Step]]:
    """Those in force; where sets have an entry under one id, as a mirror may that somebody filled so, in one order.

    What takes opinions, then what an agency of this node owns: an id that another node gave hides no entry of ours.
    """
    standing = [(share, step) for share, step in found if not step.deleted]
    return sorted(standing, key=lambda one: (not one[0].contribute, not one[0].set.owner.is_local, one[0].set_id))


def _in_force(hash_set: HashSet, step: Step) -> Version | None:
    ident = next(bytes(digest) for digest in (step.md5, step.sha1, step.sha256) if digest is not None)
    found = entry_rows.latest(hash_set, [ident]).values()
    return next((version for version in found if version.public_id == step.public_id and version.in_force), None)
