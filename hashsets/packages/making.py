"""Makes a package of a shared set for one peer: a snapshot, or what came since the last one made for him.

The chain is that of the rows of Package: each package names the manifest of the one before. What a peer may not read
is not in it, whatever the set holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hashsets import courier, events, feed, feed_pages, wire
from hashsets.models import Feed, HashSet, Package, Peer, Share
from hashsets.packages import kept
from hashsets.packages.watching import NOBODY, Watch
from workbench import audit, durable, signing
from workbench.errors import NotFound, WorkbenchError
from workbench.models import User

PAGE = 5_000  # steps of one statement

# A step that a snapshot tells: the last one of its entry up to there, unless the entry left.
STANDING = feed_pages.Wanted(
    "NOT c.deleted AND NOT EXISTS (SELECT FROM hashsets_change n WHERE n.set_id = %(set)s"
    " AND n.public_id = c.public_id AND n.seq > c.seq AND n.seq <= %(head)s)"
)


class NotShared(NotFound):
    """This set is not shared with that organisation. Pair with it and share the set first."""

    code = "set-not-shared"


class PackageOvertaken(WorkbenchError):
    """Another package was made for this organisation meanwhile, or old changes were forgotten. Make it again."""

    code = "package-overtaken"
    permanent = False


@dataclass(frozen=True, slots=True)
class Made:
    """A package that lies at `path`."""

    path: Path
    manifest: courier.Manifest
    package: Package


def shared_with(hash_set: HashSet, peer: Peer) -> Share:
    """That a paired organisation may read the set. Raises NotShared."""
    rows = Share.objects.in_force().filter(set=hash_set, peer=peer)
    found: Share | None = rows.filter(peer__state=Peer.State.PAIRED).first()
    if found is None:
        raise NotShared
    return found


def make(
    hash_set: HashSet, peer: Peer, *, target: Path | None, by: User, whole: bool = False, watch: Watch = NOBODY
) -> Made | None:
    """Write the next package of a set for a peer to `target`, a file or a folder; None when nothing came since.

    Without a target it is kept here, to be fetched (`kept`). A snapshot where there is nothing to go on from, or where
    it is `whole`. Written beside and renamed when it is complete, with its row and event; whoever is killed on the way
    makes it again. Constant memory. Raises NotShared, PackageOvertaken, OSError, and what `watch` raises.
    """
    shared_with(hash_set, peer)
    feed.number(hash_set.pk)
    state = feed.of(hash_set)
    last = None if whole else last_of(hash_set, peer)
    if last is not None and last.to_seq < state.horizon_seq:
        last = None
    after = last.to_seq if last else 0
    if last is not None and after == state.head_seq:
        return None
    full = wire.LAW_ENFORCEMENT in peer.scopes
    draft = Draft(hash_set, peer, after, state.head_seq, last, by, target, full, watch)
    return write(draft, _lines(draft), kind=hash_set.role.replace("-", "_"))


def last_of(hash_set: HashSet, peer: Peer, kind: str = Package.Kind.ENTRIES) -> Package | None:
    """The newest package that was made of a set for a peer."""
    return Package.objects.filter(set=hash_set, peer=peer, kind=kind).order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class Draft:
    """A package to be: what of, for whom, from where to where, behind which other. `full`: with flags and series."""

    set: HashSet
    peer: Peer
    from_seq: int
    to_seq: int
    previous: Package | None
    by: User
    target: Path | None
    full: bool = False
    watch: Watch = NOBODY

    @property
    def folder(self) -> Path:
        """Where its files lie while they are written: on the disk where it goes."""
        if self.target is None:
            return kept.folder(self.peer.agency)
        return self.target if self.target.is_dir() else self.target.parent


def write(draft: Draft, lines: Iterator[bytes], *, kind: str) -> Made:
    """Write a package of records with its row and event. Raises PackageOvertaken, OSError."""
    beside = draft.folder / f".{draft.set.public_id}-{draft.peer.public_id}-{kind}.draft"
    with courier.draft(beside):
        written = courier.write_records(beside, lines, most=courier.MOST if kind == courier.VOTES else None)
        manifest = _manifest(draft, written, kind)
        with durable.new_file(beside / "package.tar") as file:
            data = courier.assemble(beside, manifest, signing.sign, file)
        return _finish(draft, manifest, courier.sha256(data), beside / "package.tar")


@transaction.atomic
def _finish(draft: Draft, manifest: courier.Manifest, digest: bytes, written: Path) -> Made:
    """The package's row and event, and its name on the disk: all or none. Raises NotShared, PackageOvertaken."""
    Peer.objects.select_for_update(no_key=True).get(pk=draft.peer.pk)
    kind = Package.Kind.VOTES if manifest.kind == courier.VOTES else Package.Kind.ENTRIES
    if kind == Package.Kind.ENTRIES:
        shared_with(draft.set, draft.peer)  # still: it took a while to write
    newest = last_of(draft.set, draft.peer, kind)
    forgot = kind == Package.Kind.ENTRIES and not Feed.objects.filter(
        pk=draft.set.pk, horizon_seq__lte=draft.from_seq or draft.to_seq
    )
    if forgot or (draft.previous is not None and newest != draft.previous):
        raise PackageOvertaken
    made = Package.objects.create(
        set=draft.set,
        peer=draft.peer,
        kind=kind,
        from_seq=manifest.from_seq,
        to_seq=manifest.to_seq,
        count=manifest.count,
        manifest=digest,
        full=draft.full,
        size=written.stat().st_size if draft.target is None else None,
        by=draft.by,
        by_name=draft.by.name,
    )
    told: dict[str, Any] = {
        "set": draft.set.name,
        "peer": str(draft.peer),
        "kind": manifest.kind,
        "from": manifest.from_seq,
        "to": manifest.to_seq,
        "count": manifest.count,
        "manifest": digest.hex(),
    }
    done = Made(_path(draft, manifest, made), manifest, made)
    draft.watch.settled(done)
    audit.record(events.PACKAGE_MADE, by=draft.by, on=made, agency=draft.peer.agency, **told)
    durable.place(written, done.path)
    return done


def _path(draft: Draft, manifest: courier.Manifest, made: Package) -> Path:
    if draft.target is None:
        return kept.path_of(made)
    return draft.target / courier.package_name(manifest) if draft.target.is_dir() else draft.target


def _manifest(draft: Draft, written: courier.Written, kind: str) -> courier.Manifest:
    ours = draft.peer.agency
    return courier.Manifest(
        protocol=courier.PROTOCOL,
        kind=kind,
        set=draft.set.public_id if kind != courier.VOTES else draft.set.subscription.remote_set,
        scheme=draft.set.scheme.scheme_id,
        from_seq=draft.from_seq,
        to_seq=draft.to_seq,
        count=written.count,
        files=written.files,
        previous=bytes(draft.previous.manifest).hex() if draft.previous else None,
        created=timezone.now().replace(microsecond=0),
        issuer=courier.Issuer(
            organisation=ours.organisation, name=ours.name, key=courier.sha256(signing.public_key()).hex()
        ),
        addressee=draft.peer.organisation.organisation,
    )


def _lines(draft: Draft) -> Iterator[bytes]:
    """The records of a set's steps as this peer may read them; from 0 on only what stands at the last one."""
    after, head, scheme = draft.from_seq, draft.to_seq, draft.set.scheme.scheme_id
    wanted = feed_pages.EVERYTHING if after else STANDING
    place: int | None = after
    while place is not None:
        draft.watch.tell(_("Writing"), place - after, head - after)
        page = feed_pages.delta(draft.set, after=place, head=head, limit=PAGE, wanted=wanted)
        for step in page.steps:
            if step.wanted:
                record = feed_pages.removed(step) if step.deleted else feed_pages.media(step, scheme, full=draft.full)
                yield msgspec.json.encode(record)
        place = page.following
