"""One foreign source for every connector, all with the same few things a test can do to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from hashsets.following import follows, pulling
from hashsets.following.applying import Applied
from hashsets.following.follows import Wish
from hashsets.models import HashSet, Remote
from hashsets.remotes import ncmec as connector
from hashsets.remotes import stopncii as stopncii_connector
from tests.foreign import Server, serving
from tests.hashsets import makers
from tests.hashsets.lists import current, document, media
from tests.hashsets.remotes.ncmec_server import BEGAN, NcmecServer
from tests.hashsets.remotes.stopncii_server import StopNciiServer
from workbench import peer_addresses
from workbench.models import User


class Foreign(Protocol):
    """What is at the other end. Records are known by their numbers, of which `lists.digest` makes the hashes."""

    @property
    def kind(self) -> str:
        """The connector's id."""
        ...

    @property
    def place(self) -> str:
        """Its link or folder."""
        ...

    @property
    def secret(self) -> str:
        """What opens it."""
        ...

    def put(self, number: int, code: str = "1") -> Any:
        """List it, or list it otherwise."""
        ...

    def take_away(self, number: int) -> None:
        """Withdraw it, as such a source does."""
        ...

    def forget(self, number: int) -> None:
        """Withdraw it without telling any more, as after a long time."""
        ...

    def aged(self, checkpoint: str) -> str:
        """The checkpoint as it would be after so long that the source cannot be trusted to tell what changed."""
        ...

    def code_of(self, code: str) -> str:
        """The category that what was put under this one comes with."""
        ...


@dataclass(slots=True)
class Ncmec:
    """The server of `ncmec_server`."""

    server: NcmecServer
    http: Server
    kind: str = "ncmec2"
    secret: str = "tester:pass:word"

    @property
    def place(self) -> str:
        """Its link."""
        return f"http://127.0.0.1:{self.http.server_port}{self.server.place}"

    def put(self, number: int, code: str = "1") -> None:
        self.server.put(number, code)

    def take_away(self, number: int) -> None:
        self.server.take_away(number)

    def forget(self, number: int) -> None:
        self.server.forget(number)

    def aged(self, checkpoint: str) -> str:
        return json.dumps(json.loads(checkpoint) | {"at": int(self.server.clock) - 90 * 86_400})

    def code_of(self, code: str) -> str:
        return code


@dataclass(slots=True)
class StopNcii:
    """The server of `stopncii_server`, which knows no categories: the set says which one its records have."""

    server: StopNciiServer
    http: Server
    kind: str = "stopncii"
    secret: str = "f-key==:s:key"
    category: str = "1"

    @property
    def place(self) -> str:
        """Its link."""
        return f"http://127.0.0.1:{self.http.server_port}{self.server.place}"

    def put(self, number: int, code: str = "1") -> None:
        self.server.put_number(number, ("A service", "Blocked" if code == "1" else "PendingReview"))

    def take_away(self, number: int) -> None:
        self.server.withdraw(number)

    def forget(self, number: int) -> None:
        self.server.forget(number)

    def aged(self, checkpoint: str) -> str:
        return json.dumps(json.loads(checkpoint) | {"at": int(self.server.clock) - 31 * 86_400})

    def code_of(self, code: str) -> str:
        return self.category


@dataclass(slots=True)
class GoldDisk:
    """A folder with two files, which are written anew with each change."""

    folder: Path
    kind: str = "gold-disk"
    secret: str = ""
    entries: dict[int, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def put(self, number: int, code: str = "1") -> None:
        self.entries[number] = code
        self._write()

    def take_away(self, number: int) -> None:
        del self.entries[number]
        self._write()

    def forget(self, number: int) -> None:
        self.take_away(number)

    def aged(self, checkpoint: str) -> str:
        return ""

    def code_of(self, code: str) -> str:
        return code

    def _write(self) -> None:
        for odd, name in ((0, "even.json"), (1, "odd.json")):
            part = [media(number, int(code)) for number, code in self.entries.items() if number % 2 == odd]
            document(self.folder, *part, name=name)


@contextmanager
def ncmec(_folder: Path, settings: Any, **how: Any) -> Iterator[Ncmec]:
    """An empty server that runs while the block does."""
    state = NcmecServer(**how)
    begin = int(BEGAN.timestamp()) - 3 * 86_400  # not the year 2000: some twenty windows less
    with (
        serving(state.answer) as http,
        mock.patch.object(connector, "time", state.time),
        mock.patch.object(connector, "BEGINNING", begin),
    ):
        settings.PEER_HOSTS = peer_addresses.allowed(f"127.0.0.1:{http.server_port}")
        yield Ncmec(state, http)


@contextmanager
def stopncii(_folder: Path, settings: Any, **how: Any) -> Iterator[StopNcii]:
    """An empty server that runs while the block does."""
    state = StopNciiServer(**how)
    with serving(state.answer) as http, mock.patch.object(stopncii_connector, "time", state.time):
        settings.PEER_HOSTS = peer_addresses.allowed(f"127.0.0.1:{http.server_port}")
        yield StopNcii(state, http)


@contextmanager
def gold_disk(folder: Path, settings: Any) -> Iterator[GoldDisk]:
    """An empty folder."""
    settings.DROP_SECONDS = 0
    place = folder / "gold"
    place.mkdir()
    yield GoldDisk(place)


ALL: dict[str, Callable[[Path, Any], AbstractContextManager[Foreign]]] = {
    "ncmec2": ncmec, "stopncii": stopncii, "gold-disk": gold_disk,
}  # fmt: skip


def followed(foreign: Foreign, by: User, name: str = "") -> Remote:
    """A new set that follows it."""
    hash_set = makers.hash_set(by, name, scheme="us-pvic")
    wish = Wish(foreign.kind, foreign.place, foreign.secret, code=getattr(foreign, "category", ""))
    made = follows.follow(hash_set, by=by, wish=wish)
    found: Remote = Remote.objects.select_related("set").get(pk=made.pk)
    return found


def held(remote: Remote) -> dict[str, tuple[str, str, str]]:
    """What the set holds: category, disposition and trust by MD5."""
    return {
        bytes(entry.md5).hex(): (entry.code, entry.disposition, entry.trust)
        for entry in current(HashSet.objects.get(pk=remote.set_id))
        if entry.md5
    }


def numbers(remote: Remote) -> set[int]:
    """The numbers of the records that it holds."""
    return {int(md5[4:], 16) for md5 in held(remote)}


def pull(remote: Remote) -> Applied:
    """Ask it, to the end of what there is."""
    applied = pulling.pull(remote.pk)
    remote.refresh_from_db()
    return applied


def names(remote: Remote) -> dict[str, str]:
    """The public ids of its entries, by MD5."""
    return {bytes(entry.md5).hex(): str(entry.public_id) for entry in current(remote.set) if entry.md5}
