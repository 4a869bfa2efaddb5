"""`manage.py courier pack|unpack`: the exchange with labs that have no network (commands.md)."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext_noop as noop

from hashsets import packages, packages_in, sets
from hashsets.models import Peer
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput, NotFound


class UnknownPeer(NotFound):
    """This agency is not paired with an organisation of that name."""

    code = "unknown-peer"


class Command(WinnowCommand):
    """Make packages for a peer, and take his in."""

    help = "Signed packages for labs without a network."

    def add_arguments(self, parser: CommandParser) -> None:
        """Two acts."""
        acts = self.acts(parser)
        pack = acts.add("pack", self.pack, "Write what came into a shared set since the last package for a peer.")
        pack.add_argument("organisation", help="the peer: its id here, its name, or its uuid")
        pack.add_argument("set")
        pack.add_argument("file", type=Path, help="or a folder")
        pack.add_argument("--whole", action="store_true", help="all that is in force; needs no package before it")
        unpack = acts.add("unpack", self.unpack, "Check a package, and put it in force in its mirror here.")
        unpack.add_argument("file", type=Path)

    def pack(self, options: dict[str, Any]) -> Done:
        """A snapshot, or a delta."""
        self.require("set.package")
        hash_set, peer, target = sets.named(options["set"], user=self.by), self._peer(options), options["file"]
        if target.exists() and not target.is_dir():
            raise BadInput(f"{target} is there already. Choose another name.")
        try:
            made = packages.make(hash_set, peer, target=target, by=self.by, whole=options["whole"])
        except OSError as error:
            raise BadInput(f"{target} cannot be written: {error.strerror}.") from error
        fields = {"set": hash_set.name, "peer": str(peer), "path": made and made.path}
        if made is None:
            return Done(f"Nothing came into {hash_set} since the last package for {peer}.", fields)
        said = made.manifest
        told = {"from": said.from_seq, "to": said.to_seq, "count": said.count, "manifest": made.package.manifest.hex()}
        what = "all that is in force" if said.is_snapshot else f"{said.from_seq:,} to {said.to_seq:,}"
        return Done(f"{said.count:,} records of {hash_set} ({what}) for {peer} in {made.path}.", fields | told)

    def unpack(self, options: dict[str, Any]) -> Done:
        """Everything is checked before anything is stored."""
        self.require("set.package")
        taken = packages_in.take(options["file"], by=self.by)
        put_aside = [f"{taken.put_aside:,} records were put aside: they cannot be kept."] if taken.put_aside else []
        version = taken.generation.number if taken.generation else None
        told = f"Version {version} is in force" if version else "It says nothing new"
        fields = {
            "set": taken.set_name,
            "from": taken.manifest.from_seq,
            "to": taken.manifest.to_seq,
            "taken": taken.taken,
            "put_aside": taken.put_aside,
            "generation": version,
        }
        return Done(f"{taken.taken:,} records of {taken.set_name} taken in. {told}.", fields, put_aside)

    def _peer(self, options: dict[str, Any]) -> Peer:
        wanted: str = options["organisation"]
        ours = Peer.objects.for_actor(self.by).filter(agency=self.by.agency)
        found: list[Peer] = [peer for peer in ours.select_related("agency", "organisation") if _is(peer, wanted)]
        if not found:
            raise UnknownPeer(noop("This agency is not paired with %(name)s."), name=repr(wanted))
        return found[0]


def _is(peer: Peer, wanted: str) -> bool:
    theirs = peer.organisation
    return wanted in (theirs.slug, theirs.name, str(theirs.organisation))
