"""What came from a peer, put in force: records are collected (`stage`) and become a version of the mirror (`settle`).

Pages and packages end here alike. Both steps are safe to run again: the newest record of an entry stands, and what
says nothing new makes no version, so two nodes that mirror each other do not grow.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from hashsets import entry_hashes, events, generations, our_word, quarantine, receiving, swapping, wire
from hashsets.entry_rows import SAID_OF
from hashsets.models import Category, Generation, HashSet, Subscription
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User
from workbench.words import digits

AT_ONCE = 5_000  # records of one statement
WORTH_ANALYSING = 10_000  # rows

MAKE = """
DROP TABLE IF EXISTS hashsets_came;
CREATE TEMPORARY TABLE hashsets_came (entry_id uuid, seq bigint, record jsonb) ON COMMIT DROP
"""
COPY = "COPY hashsets_came (entry_id, seq, record) FROM STDIN"
STAGE = """
INSERT INTO hashsets_incoming AS i (subscription_id, entry_id, seq, record)
SELECT %(subscription)s, entry_id, seq, record FROM hashsets_came
ON CONFLICT (subscription_id, entry_id) DO UPDATE SET seq = excluded.seq, record = excluded.record
WHERE excluded.seq >= i.seq
"""
# Each record beside the last version of its entry. `same`: nothing about it changes but perhaps its state, which `was`
# another, and follows from its trust and our own word (`our_word`). A category of another scheme than the set's means
# nothing here, whatever its letter. An entry keeps its ident and twin while they are its own.
ARRIVING = f"""
CREATE TEMPORARY TABLE hashsets_arriving ON COMMIT DROP AS
WITH come AS (
  SELECT i.entry_id, i.seq, i.record IS NULL AS gone,
    decode(i.record ->> 'md5', 'hex') AS md5, decode(i.record ->> 'sha1', 'hex') AS sha1,
    decode(i.record ->> 'sha256', 'hex') AS sha256, (i.record ->> 'size')::bigint AS size,
    i.record ->> 'code' AS code, CASE WHEN i.record ->> 'code' = '' THEN 'no_verdict'
      WHEN i.record ->> 'scheme' <> %(scheme)s THEN 'unmapped'
      ELSE coalesce(%(dispositions)s::jsonb ->> (i.record ->> 'code'), 'unmapped') END AS disposition,
    i.record ->> 'trust' AS trust, i.record -> 'flags' AS flags, i.record -> 'raw' AS raw
  FROM hashsets_incoming i WHERE i.subscription_id = %(subscription)s)
SELECT c.*, CASE WHEN c.trust = 'disputed' THEN 'disputed' ELSE 'published' END AS state,
  k.state AS was, k.id AS ends, coalesce(k.in_force, false) AS in_force,
  CASE WHEN k.ident IN (c.md5, c.sha1, c.sha256) THEN k.twin END AS twin,
  CASE WHEN k.ident IN (c.md5, c.sha1, c.sha256) THEN k.ident ELSE coalesce(c.md5, c.sha1, c.sha256) END AS ident,
  coalesce(k.in_force AND NOT c.gone
    AND (k.md5, k.sha1, k.sha256, k.size, k.code, k.disposition, k.trust, k.flags)
      IS NOT DISTINCT FROM (c.md5, c.sha1, c.sha256, c.size, c.code, c.disposition, c.trust, c.flags)
    AND {SAID_OF.format(t="k")} = {SAID_OF.format(t="c")}, false) AS same
FROM come c LEFT JOIN LATERAL (
  SELECT e.*, e.removed_in IS NULL OR e.removed_in > %(g)s AS in_force FROM hashsets_entry e
  WHERE e.set_id = %(set)s AND e.public_id = c.entry_id AND e.added_in <= %(g)s
  ORDER BY e.added_in DESC LIMIT 1) k ON true
"""  # noqa: S608 only constants
END = """
UPDATE hashsets_entry e SET removed_in = %(g)s + 1 FROM hashsets_arriving a
WHERE e.set_id = %(set)s AND e.id = a.ends AND a.in_force AND NOT (a.same AND a.was = a.state)
"""
END_UNNAMED = f"""
UPDATE hashsets_entry e SET removed_in = %(g)s + 1
WHERE e.set_id = %(set)s AND {generations.in_force("%(g)s")}
  AND NOT EXISTS (SELECT FROM hashsets_arriving a WHERE a.entry_id = e.public_id)
"""  # noqa: S608
INSERT = """
INSERT INTO hashsets_entry (set_id, added_in, ident, twin, public_id, md5, sha1, sha256, size, code, disposition,
  trust, state, flags, raw)
SELECT %(set)s, %(g)s + 1, a.ident, coalesce(a.twin, coalesce(top.twin + 1, 0)
    + row_number() OVER (PARTITION BY a.ident, a.twin ORDER BY a.entry_id) - 1),
  a.entry_id, a.md5, a.sha1, a.sha256, a.size, a.code, a.disposition, a.trust, a.state, a.flags, a.raw
FROM hashsets_arriving a LEFT JOIN LATERAL (
  SELECT max(e.twin) AS twin FROM hashsets_entry e
  WHERE e.set_id = %(set)s AND e.ident = a.ident AND a.twin IS NULL) top ON true
WHERE NOT a.gone AND NOT (a.same AND a.was = a.state) ORDER BY a.ident
"""


_NULL = "\\N"  # as COPY's text form writes it


class TooMuchCollected(WorkbenchError):
    """A peer sends more than is kept before it comes in force, so nothing of it was kept. Ask its operator why."""

    code = "too-much-collected"
    status = 409


class SequenceWentBack(WorkbenchError):
    """The peer tells less than it told before. Ask its operator; a set that was rebuilt is paired anew."""

    code = "sequence-went-back"
    status = 409


Record = wire.Media | wire.Removed | wire.Odd


class Staged(NamedTuple):
    """Records collected, and those put aside because they cannot be kept."""

    taken: int
    put_aside: int


def stage(subscription: Subscription, records: Iterable[Record]) -> Staged:
    """Collect records of a page or package, in force only with `settle`; the newest of each entry stands.

    Inside the caller's transaction. What cannot be kept is quarantined. 5,000 at a time; never all of them in memory.
    Raises TooMuchCollected where so many came since the last `settle` that the disk is in danger.
    """
    taken = put_aside = 0
    before = Subscription.objects.values_list("waiting", flat=True).get(pk=subscription.pk)
    every = iter(records)
    while batch := list(islice(every, AT_ONCE)):
        rows, odd = _sorted_out(batch)
        _enter(subscription, rows)
        quarantine.put_aside(subscription, odd)
        taken, put_aside = taken + len(batch) - len(odd), put_aside + len(odd)
        if before + taken > settings.PEER_ENTRIES:
            raise TooMuchCollected(
                noop("%(peer)s sends more than %(most)s entries of %(name)s. If its operator says that the set is as "
                     "large as that, set WINNOW_PEER_ENTRIES higher and resume; it begins anew."),
                peer=subscription.peer, most=digits(settings.PEER_ENTRIES), name=subscription.set.name,
            )  # fmt: skip
    Subscription.objects.filter(pk=subscription.pk).update(waiting=before + taken)
    return Staged(taken, put_aside)


def forget(subscription: Subscription) -> int:
    """Drop what was collected and is not in force; the number of records."""
    Subscription.objects.filter(pk=subscription.pk).update(waiting=0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hashsets_incoming WHERE subscription_id = %s", [subscription.pk])
        return int(cursor.rowcount)


@transaction.atomic
def settle(subscription: Subscription, *, seq: int, snapshot: bool, by: User, source: str = "") -> Generation | None:
    """Put what was collected in force as the mirror's next version; None when it says nothing new.

    `seq`: up to where the peer's changes are known then. `snapshot`: an entry that it does not name has left.
    `source`: where it came from, in the version's words. One transaction with the version, its two events and the
    subscription's place; as many statements for any number of records. Raises SequenceWentBack, SetRetired.
    """
    held = Subscription.objects.select_for_update(of=("self",)).select_related("peer__agency").get(pk=subscription.pk)
    if seq < held.seq:
        raise SequenceWentBack(
            noop("The peer told changes up to %(was)s before, and now only up to %(now)s."), was=held.seq, now=seq
        )
    mirror = generations.lock(held.set)
    rows = _write(held, mirror, snapshot=snapshot)
    forget(held)
    Subscription.objects.filter(pk=held.pk).update(seq=seq, baseline=False)
    subscription.seq, subscription.baseline = seq, False
    if rows == (0, 0):
        return None
    entry_hashes.fill(mirror, mirror.generation + 1)
    said = {"peer": str(held.peer), "seq": seq, "snapshot": snapshot}
    step = generations.Step(
        source or f"{held.peer}, up to {seq}",
        added=rows[0],
        removed=rows[1],
        codes=swapping.moved(mirror),
        report=said,
    )
    generation, moved = generations.move(mirror, step, by=by)
    details = {"set": mirror.name, **said, "added": rows[0], "removed": rows[1]}
    came = audit.Event(events.SET_RECEIVED, audit.subject_of(mirror), details=details)
    audit.record_all([came, moved], by=by, agency=held.peer.agency)
    if sum(rows) > WORTH_ANALYSING:
        _run("SELECT hashsets_analyse(%(set)s)", {"set": mirror.pk})
    return generation


def _sorted_out(batch: list[Record]) -> tuple[Mapping[Any, tuple[int, str | None]], list[wire.Odd]]:
    """The newest record of each entry, as (seq, JSON or None); and those that cannot be kept, with why."""
    rows: dict[Any, tuple[int, str | None]] = {}
    odd: list[wire.Odd] = []
    for record in batch:
        if isinstance(record, wire.Odd):
            odd.append(record)
            continue
        try:
            found = receiving.kept(record)
        except receiving.Unsound as why:
            odd.append(wire.Odd(msgspec.json.encode(record).decode(), str(why)))
            continue
        if record.entry_id not in rows or rows[record.entry_id][0] <= record.seq:
            rows[record.entry_id] = record.seq, msgspec.json.encode(found).decode() if found else None
    return rows, odd


def _enter(subscription: Subscription, rows: Mapping[Any, tuple[int, str | None]]) -> None:
    """Through COPY: handing arrays over took four times as long as all else."""
    if not rows:
        return
    lines = (
        f"{name}\t{seq}\t{_NULL if record is None else _escaped(record)}\n" for name, (seq, record) in rows.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(MAKE)
        with cursor.copy(COPY) as copy:
            copy.write("".join(lines))
        cursor.execute(STAGE, {"subscription": subscription.pk})


def _escaped(record: str) -> str:
    """JSON for COPY: it holds no tab and no line end, so only back-slashes mean something."""
    return record.replace("\\", "\\\\")


def _write(subscription: Subscription, mirror: HashSet, *, snapshot: bool) -> tuple[int, int]:
    """Rows stored and ended in the next version."""
    dispositions = dict(Category.objects.filter(scheme=mirror.scheme).values_list("code", "disposition"))
    at = {
        "set": mirror.pk,
        "g": mirror.generation,
        "subscription": subscription.pk,
        "scheme": mirror.scheme.scheme_id,
        "organisation": subscription.peer.agency.organisation,
        "dispositions": msgspec.json.encode(dispositions).decode(),
    }
    _run("SELECT hashsets_index_names(%(set)s)", at)
    _run("DROP TABLE IF EXISTS hashsets_arriving", {})
    _run(ARRIVING, at)
    _run("ANALYZE hashsets_arriving", {})
    _run(our_word.HOLD, at)
    ended = _run(END, at) + (_run(END_UNNAMED, at) if snapshot else 0)
    return _run(INSERT, at), ended


def _run(statement: str, at: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, at or None)
        return int(cursor.rowcount)
