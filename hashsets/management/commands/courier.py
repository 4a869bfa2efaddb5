"""`manage.py courier pack|votes|unpack`: the exchange with labs that have no network (commands.md)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from hashsets import sets
from hashsets.models import HashSet, Package, Peer, Share, Subscription
from hashsets.packages import jobs, kept, making, making_votes, running, taking
from hashsets.packages.making import Made
from hashsets.packages.taking_votes import TakenVotes
from hashsets.peers import pairing
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput
from workbench.models import Job

OR_KEPT = "or a folder; without it the package is kept here, for its page and its reader to fetch"
File = tuple[Package, Path] | None


class Command(WinnowCommand):
    """Make packages for a peer, and take his in."""

    help = "Signed packages for labs without a network."

    def add_arguments(self, parser: CommandParser) -> None:
        """Three acts."""
        acts = self.acts(parser)
        pack = acts.add("pack", self.pack, "Write what came into a shared set since the last package for a peer.")
        pack.add_argument("organisation", help="the peer: its id here, its name, or its uuid")
        pack.add_argument("set")
        pack.add_argument("file", type=Path, nargs="?", help=OR_KEPT)
        pack.add_argument("--whole", action="store_true", help="all that is in force; needs no package before it")
        votes = acts.add("votes", self.votes, "Write our opinions on a peer's set that wait to be sent to him.")
        votes.add_argument("organisation", help="the peer: its id here, its name, or its uuid")
        votes.add_argument("set", help="its mirror here")
        votes.add_argument("file", type=Path, nargs="?", help=OR_KEPT)
        votes.add_argument("--whole", action="store_true", help="all of our opinions; needs no package before it")
        unpack = acts.add("unpack", self.unpack, "Check a package, and take in what it brings.")
        unpack.add_argument("file", type=Path)
        unpack.add_argument("--name", default="", help="of the mirror, for the first package of a set")

    def pack(self, options: dict[str, Any]) -> Done:
        """A snapshot, or a delta."""
        self.require("exchange.send")
        hash_set, peer = sets.named(options["set"], user=self.by), pairing.named(options["organisation"], self.by)
        share = making.shared_with(hash_set, peer)
        made = self._made(
            share, options, lambda at: making.make(hash_set, peer, target=at, by=self.by, whole=options["whole"])
        )
        return _told(made, hash_set, peer, "records")

    def votes(self, options: dict[str, Any]) -> Done:
        """Opinions that wait, or all."""
        self.require("exchange.send")
        hash_set, peer = sets.named(options["set"], user=self.by), pairing.named(options["organisation"], self.by)
        read = Subscription.objects.filter(set=hash_set, peer=peer).select_related("set__scheme").first()
        if read is None:
            raise BadInput(f"{hash_set} is no mirror of a set of {peer}.")
        read.peer = peer
        made = self._made(
            read, options, lambda at: making_votes.make(read, target=at, by=self.by, whole=options["whole"])
        )
        return _told(made, hash_set, peer, "opinions")

    def unpack(self, options: dict[str, Any]) -> Done:
        """Everything is checked before anything is stored."""
        self.require("exchange.receive")
        taken = taking.take(options["file"], by=self.by, name=options["name"])
        fields: dict[str, Any] = {"set": taken.set_name, "from": taken.manifest.from_seq, "to": taken.manifest.to_seq}
        if isinstance(taken, TakenVotes):
            told = ", ".join(f"{number:,} {status}" for status, number in sorted(taken.results.items())) or "none"
            refused = [f"{number:,} opinions were rejected."] if (number := taken.results["rejected"]) else []
            return Done(f"Opinions on {taken.set_name}: {told}.", fields | {"results": dict(taken.results)}, refused)
        put_aside = [f"{taken.put_aside:,} records were put aside: they cannot be kept."] if taken.put_aside else []
        version = taken.generation.number if taken.generation else None
        told = f"Version {version} is in force" if version else "It says nothing new"
        fields |= {"taken": taken.taken, "put_aside": taken.put_aside, "generation": version}
        return Done(f"{taken.taken:,} records of {taken.set_name} taken in. {told}.", fields, put_aside)

    def _made(self, of: Share | Subscription, options: dict[str, Any], make: Callable[[Path], Made | None]) -> File:
        """The package and where it lies: written, or kept here as if a page had asked for it. None: nothing came."""
        if options["file"]:
            made = _written(options["file"], make)
            return (made.package, made.path) if made else None
        job = jobs.order(of, by=self.by, whole=options["whole"])
        running.run(job.pk)
        job.refresh_from_db()
        if job.state in Job.LIVE:
            raise BadInput("A worker makes this package just now. See its page under Exchange.")
        if job.state == Job.State.FAILED:
            raise BadInput(job.message)
        package = Package.objects.filter(public_id=job.cursor["result"].get("package")).first()
        return (package, kept.path_of(package)) if package else None


def _written(target: Path, make: Callable[[Path], Made | None]) -> Made | None:
    if target.exists() and not target.is_dir():
        raise BadInput(f"{target} is there already. Choose another name.")
    try:
        return make(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error


def _told(made: File, hash_set: HashSet, peer: Peer, what: str) -> Done:
    package, path = made or (None, None)
    fields: dict[str, Any] = {"set": hash_set.name, "peer": str(peer), "path": path}
    if package is None:
        return Done(f"There are no {what} of {hash_set} since the last package for {peer}.", fields)
    start, end, count = package.from_seq, package.to_seq, package.count
    fields |= {"from": start, "to": end, "count": count, "manifest": bytes(package.manifest).hex()}
    reach = f"{start:,} to {end:,}" if start else "all that is in force"
    return Done(f"{count:,} {what} of {hash_set} ({reach}) for {peer} in {path}.", fields)
