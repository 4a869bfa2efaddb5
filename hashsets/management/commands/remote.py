"""`manage.py remote ...`: what hash sets follow on foreign servers and in folders (sharing.md)."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from hashsets import sets
from hashsets.following import follows, pulling, turning
from hashsets.following.follows import Wish
from hashsets.models import HashSet, Remote
from hashsets.remotes import BY_ID
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
    """Have a set follow a foreign server or folder, ask it now, say how it goes."""

    help = "Foreign servers and folders that hash sets follow."

    def add_arguments(self, parser: CommandParser) -> None:
        """Seven acts."""
        acts = self.acts(parser)
        add = acts.add("add", self.follow, "Have a set follow a server or folder from now on.")
        add.add_argument("set")
        add.add_argument("--kind", required=True, choices=list(BY_ID))
        add.add_argument("--place", required=True, help="the server's link, or the folder's whole name")
        add.add_argument("--secret-file", type=Path, help="a file with what opens it, as NAME:PASSWORD; it is copied")
        add.add_argument("--category", default="", metavar="CODE", help="of records, where the source names none")
        add.add_argument("--every", type=int, default=300, metavar="SECONDS", help="between two askings")
        acts.add("pull", self.pull, "Ask it now; one that stood still goes on.").add_argument("set")
        pause = acts.add("pause", self.pause, "Ask it no more until somebody resumes it.")
        acts.add("resume", self.resume, "Go on with one that stands still.").add_argument("set")
        restart = acts.add("restart", self.restart, "Fetch everything again; what is in force stays meanwhile.")
        acts.add("status", self.status, "Say how it goes.").add_argument("set", nargs="?", help="default: all of them")
        end = acts.add("end", self.leave, "Follow it no more; the set stays as it is.")
        for act in (pause, restart, end):
            act.add_argument("set")
            act.add_argument("--reason", required=True)

    def follow(self, options: dict[str, Any]) -> Done:
        """Begin; nothing is asked yet."""
        hash_set = self._own_set(options["set"])
        secret = _read(options["secret_file"]) if options["secret_file"] else ""
        wish = Wish(options["kind"], options["place"], secret, options["every"], options["category"])
        made = follows.follow(hash_set, by=self.by, wish=wish)
        told = f"{hash_set} follows {made.place} ({BY_ID[made.kind].label}); it is asked within a minute."
        return Done(told, {"set": hash_set.name, "id": made.public_id})

    def pull(self, options: dict[str, Any]) -> Done:
        """Everything there is, however long it takes."""
        remote = follows.of_set(self._own_set(options["set"]))
        turning.resume(remote, by=self.by)
        applied = pulling.pull(remote.pk, seconds=float("inf"))
        problems = [f"Skipped, {reason}: {number:,}" for reason, number in sorted(applied.skipped.items())]
        told = f"{applied.records:,} records and {applied.removed:,} withdrawals came"
        if applied.generation:
            told += f"; version {applied.generation} of {remote.set} is in force: +{applied.added:,} -{applied.ended:,}"
        return Done(f"{told}.", {"set": remote.set.name, **applied.as_json()}, problems)

    def pause(self, options: dict[str, Any]) -> Done:
        """Until somebody resumes it."""
        remote = follows.of_set(self._own_set(options["set"]))
        turning.pause(remote, by=self.by, reason=options["reason"])
        return Done(f"{remote.place} is not asked until somebody resumes it.", {"set": remote.set.name})

    def resume(self, options: dict[str, Any]) -> Done:
        """From where it stood."""
        remote = follows.of_set(self._own_set(options["set"]))
        turning.resume(remote, by=self.by)
        return Done(f"{remote.place} is asked within a minute.", {"set": remote.set.name})

    def restart(self, options: dict[str, Any]) -> Done:
        """From the beginning."""
        remote = follows.of_set(self._own_set(options["set"]))
        turning.restart(remote, by=self.by, reason=options["reason"])
        told = f"Everything is fetched from {remote.place} again; until that is whole, what {remote.set} holds stays."
        return Done(told, {"set": remote.set.name})

    def status(self, options: dict[str, Any]) -> Done:
        """How it goes; exit 1 where one fails or stands still."""
        self.require("set.view")
        rows = Remote.objects.for_actor(self.by).filter(ended_at=None).select_related("set").order_by("set__name")
        if options["set"]:
            rows = rows.filter(pk=follows.of_set(sets.named(options["set"], user=self.by)).pk)
        found = list(rows)
        problems = [f"{one.set}: {one.paused or one.failure}" for one in found if one.paused or one.failure]
        return Done("\n".join(map(_sentence, found)) or "No set follows anything.",
                    {"remotes": [_as_json(one) for one in found]}, problems)  # fmt: skip

    def leave(self, options: dict[str, Any]) -> Done:
        """End it."""
        hash_set = self._own_set(options["set"])
        remote = follows.of_set(hash_set)
        follows.leave(remote, by=self.by, reason=options["reason"])
        return Done(f"{hash_set} follows {remote.place} no more, and keeps what it holds.", {"set": hash_set.name})

    def _own_set(self, name: str) -> HashSet:
        self.require("set.follow")
        hash_set = sets.named(name, user=self.by)
        sets.require_owner(hash_set, self.by)
        return hash_set


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text: {error}.") from error


def _sentence(one: Remote) -> str:
    read = f"read to its end {one.pulled_at:%Y-%m-%d %H:%M} UTC" if one.pulled_at else "not read to its end yet"
    state = "stands still" if one.paused else "fails" if one.failure else "all is well"
    return f"{one.set} follows {one.place} ({one.kind}): {read}, {state}."


def _as_json(one: Remote) -> dict[str, Any]:
    return {
        "set": one.set.name,
        "kind": one.kind,
        "place": one.place,
        "pulled": one.pulled_at.isoformat() if one.pulled_at else None,
        "due": one.due_at.isoformat(),
        "failure": one.failure,
        "counts": one.counts,
        "paused": one.paused,
    }
