"""Hash sets and entries for tests."""

import hashlib
from itertools import count

from django.db import transaction

from hashsets import entries, generations, scheme_tables, sets
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key, Version, write
from hashsets.models import Entry, Generation, HashSet
from workbench import audit
from workbench.models import User

_numbers = count(1)


def hash_set(
    by: User, name: str = "", *, role: str = "relevant", scheme: str = "landscapes-t1", **more: object
) -> HashSet:
    """An empty set of the person's agency."""
    return sets.create(
        name=name or f"Set {next(_numbers)}",
        role=role,
        scheme=scheme_tables.latest(scheme),
        owner=by.agency,
        by=by,
        **more,  # type: ignore[arg-type]
    )


def picture(text: str, code: str = "1") -> NewEntry:
    """The entry that bytes of these words would have."""
    data = text.encode()
    return NewEntry(
        sha256=hashlib.sha256(data).digest(),
        md5=hashlib.md5(data).digest(),
        sha1=hashlib.sha1(data).digest(),
        size=len(data),
        code=code,
    )


@transaction.atomic
def publish(to: HashSet, *rows: NewEntry, by: User) -> Generation:
    """Publish in a transaction of its own."""
    generation, told = entries.publish(to, rows, by=by, source="a test")
    audit.record_all(told, by=by)
    return generation


@transaction.atomic
def withdraw(from_: HashSet, *ids: int, by: User) -> Generation:
    """Withdraw in a transaction of its own."""
    generation, told = entries.withdraw(from_, ids, by=by, reason="taken back")
    audit.record_all(told, by=by)
    return generation


def stored(to: HashSet, by: User, **values: object) -> int:
    """An entry with exactly these values, as some import left it; its id."""
    row = picture(f"stored {next(_numbers)}")
    digests = {name: values.get(name, getattr(row, name)) for name in ("md5", "sha1", "sha256")}
    given = {"size": row.size, "code": "1", "disposition": "relevant", "trust": "trusted", **values, **digests}
    ident = digests["md5"] or digests["sha1"] or digests["sha256"]
    version = Version(Key(ident, 0), **given)  # type: ignore[arg-type]
    with transaction.atomic():
        locked = generations.lock(to)
        step = generations.Step("a test", *write(locked, {version.key: version}, {}))
        generation, moved = generations.move(locked, step, by=by)
        to.generation = generation.number
        audit.record_all([moved], by=by)
    found = Entry.objects.filter(set=to, ident=ident, added_in=to.generation)
    return int(found.values_list("id", flat=True)[0])
