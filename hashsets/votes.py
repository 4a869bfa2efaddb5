"""Votes: what organisations think of an entry, and what that amounts to (sharing.md section 3)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from hashsets import events, trust
from hashsets.entry_rows import Judgement, Key, Version
from hashsets.models import HashSet, Vote
from workbench import audit

END = """
UPDATE hashsets_vote v SET current = false FROM unnest(%s::bytea[], %s::smallint[]) AS k (ident, twin)
WHERE v.set_id = %s AND v.ident = k.ident AND v.twin = k.twin AND v.organisation = %s AND v.current
"""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an organisation says of one entry."""

    code: str
    disposition: str
    kind: str  # the hash kind it rests on
    basis: str = trust.VIEWED


def cast(hash_set: HashSet, opinions: Mapping[Key, Opinion], *, organisation: UUID) -> list[Vote]:
    """Store an organisation's opinions as its current ones; earlier ones stay on record. Two queries."""
    end(hash_set, list(opinions), organisation=organisation)
    return Vote.objects.bulk_create(
        Vote(
            set=hash_set,
            ident=key.ident,
            twin=key.twin,
            organisation=organisation,
            kind=opinion.kind,
            disposition=opinion.disposition,
            code=opinion.code,
            basis=opinion.basis,
        )
        for key, opinion in opinions.items()
    )


def end(hash_set: HashSet, keys: Sequence[Key], *, organisation: UUID) -> None:
    """An organisation's opinions on these entries are no longer current. One query."""
    with connection.cursor() as cursor:
        cursor.execute(END, [[key.ident for key in keys], [key.twin for key in keys], hash_set.pk, organisation])


def current(hash_set: HashSet, keys: Sequence[Key]) -> dict[Key, list[Vote]]:
    """The current votes on these entries, oldest first. One query."""
    held: dict[Key, list[Vote]] = defaultdict(list)
    found = Vote.objects.filter(set=hash_set, current=True, ident__in=[key.ident for key in keys]).order_by("pk")
    for vote in found:
        held[Key.of(vote)].append(vote)
    return held


def judge(hash_set: HashSet, version: Version, held: Sequence[Vote]) -> Version | None:
    """The version with the category and trust that its votes, and the import it came with, amount to.

    The category of most organisations stands, the earliest of equals. None: nobody stands for it any more.
    """
    said = [(vote.code, vote.disposition) for vote in held if vote.basis == trust.VIEWED]
    if version.listed:
        said.insert(0, version.listed)
    if not said:
        return None
    code, disposition = Counter(said).most_common(1)[0][0]
    source = None
    if version.listed:
        source = trust.Source(
            str(hash_set.owner.organisation), version.listed[1], vouched=hash_set.trust == trust.Trust.TRUSTED
        )
    opinions = [
        trust.Vote(str(vote.organisation), vote.disposition, vote.code, vote.basis, vote.kind, at=vote.pk)
        for vote in held
    ]
    return version.judged(Judgement(code, disposition, trust.judge(opinions, source=source).trust))


def event(hash_set: HashSet, vote: Vote, version: Version) -> audit.Event:
    """The one event of a vote."""
    details = {
        "set": hash_set.name,
        "entry": str(version.public_id),
        "sha256": version.sha256_text,
        "code": vote.code,
        "trust": version.trust,
    }
    return audit.Event(events.VOTE_CAST, audit.subject_of(vote), details=details)
